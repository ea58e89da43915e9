import { expect, test } from "vitest"
import type { MemberView } from "../../../src/core/group/commands.ts"
import { memberView } from "../../../src/protocol/native/member-json.ts"

const VIEW: MemberView = {
  memberId: "m",
  epoch: 7,
  heartbeatIntervalMs: 5_000,
  sessionTimeoutMs: 45_000,
  partitions: [
    { topic: "t", partition: 0, epoch: 5, offset: 9, revokeAt: null },
    { topic: "t", partition: 1, epoch: 6, offset: null, revokeAt: null },
  ],
  lost: [],
  isWaiting: false,
}
const REVOKED: MemberView = { ...VIEW, partitions: [VIEW.partitions[0]!, { ...VIEW.partitions[1]!, revokeAt: 1234 }] }

test("[H91] a member is shown with what it may keep, what it is to give up and what it has lost", () => {
  expect(memberView({ ...REVOKED, lost: [{ topic: "u", partition: 3 }] })).toEqual({
    memberId: "m",
    epoch: 7,
    heartbeatIntervalMs: 200,
    sessionTimeoutMs: 45_000,
    assigned: [{ topic: "t", partition: 0, epoch: 5, offset: 9 }],
    revoked: [{ topic: "t", partition: 1, epoch: 6, deadlineAt: 1234 }],
    lost: [{ topic: "u", partition: 3 }],
    waiting: false,
  })
})

test.each([
  [5_000, VIEW],
  [200, REVOKED],
  [200, { ...VIEW, isWaiting: true }],
  [100, { ...VIEW, heartbeatIntervalMs: 100, isWaiting: true }],
])("[H93] the next heartbeat is wanted after %d ms", (intervalMs, view) => {
  expect(memberView(view).heartbeatIntervalMs).toBe(intervalMs)
})

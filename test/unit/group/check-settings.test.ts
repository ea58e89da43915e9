import { describe, expect, it } from "vitest"
import { checkGroupSettings, type Neighbours } from "../../../src/core/group/check-settings.ts"
import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../../../src/core/group/settings.ts"
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/queue/settings.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../../src/core/stream/settings.ts"

const NEIGHBOURS: Neighbours = {
  queue: (name) => {
    if (name === "failed") return DEFAULT_QUEUE_SETTINGS
    return name === "in-order" ? { ...DEFAULT_QUEUE_SETTINGS, ordering: "fifo" } : null
  },
  topic: (name) => {
    if (name === "failures") return DEFAULT_TOPIC_SETTINGS
    return name === "latest" ? { ...DEFAULT_TOPIC_SETTINGS, cleanup: "both" } : null
  },
}

function check(wanted: Partial<GroupSettings>, current: Partial<GroupSettings> | null = null) {
  const before = current && { ...DEFAULT_GROUP_SETTINGS, ...current }
  return checkGroupSettings("g", { ...DEFAULT_GROUP_SETTINGS, ...wanted }, before, NEIGHBOURS)
}

const share = (settings: Partial<GroupSettings>): Partial<GroupSettings> => ({ type: "share", ...settings })

describe("settings of a group", () => {
  it("are fine as they are by default, for both types", () => {
    expect(check({})).toBeNull()
    expect(check(share({ ordering: "key" }))).toBeNull()
    expect(check({ assignor: "range", sessionTimeoutMs: 1000, heartbeatIntervalMs: 999 }, {})).toBeNull()
  })

  it("[G61] type and ordering are fixed at creation", () => {
    expect(check(share({}), {})).toMatchObject({ code: "conflict", detail: expect.stringContaining("type") as string })
    expect(check({}, share({}))).toMatchObject({ code: "conflict" })
    const ordering = check(share({ ordering: "key" }), share({}))
    expect(ordering).toMatchObject({ code: "conflict", detail: expect.stringContaining("ordering") as string })
  })

  it("[G62] a member is asked for heartbeats more often than its session lasts", () => {
    const refused = { code: "invalid_field", pointer: "/heartbeatIntervalMs" }
    expect(check({ sessionTimeoutMs: 5000, heartbeatIntervalMs: 5000 })).toMatchObject(refused)
    expect(check({ sessionTimeoutMs: 4999 })).toMatchObject(refused)
  })

  it("[G62] a consumer group has no dead letters, and no order but that of its partitions", () => {
    const deadLetter = { kind: "queue", queue: "failed" } as const
    expect(check({ deadLetter })).toMatchObject({ code: "invalid_field", pointer: "/deadLetter" })
    expect(check({ ordering: "key" })).toMatchObject({ code: "invalid_field", pointer: "/ordering" })
  })

  it("[G62] dead letters go to a queue or topic that is there and can keep them", () => {
    const toQueue = (queue: string, ordering: "none" | "key" = "none") =>
      check(share({ ordering, deadLetter: { kind: "queue", queue } }))
    const toTopic = (topic: string) => check(share({ deadLetter: { kind: "topic", topic } }))
    expect([toQueue("failed"), toQueue("failed", "key"), toQueue("in-order", "key"), toTopic("failures")]).toEqual(
      Array.from({ length: 4 }, () => null),
    )
    for (const refused of [toQueue("none"), toQueue("in-order"), toQueue("failures")]) {
      expect(refused).toMatchObject({ code: "invalid_field", pointer: "/deadLetter/queue" })
    }
    for (const refused of [toTopic("none"), toTopic("latest"), toTopic("failed")]) {
      expect(refused).toMatchObject({ code: "invalid_field", pointer: "/deadLetter/topic" })
    }
  })

  it("[G62] a dead-letter target that is gone does not hold up the other settings", () => {
    for (const [deadLetter, other] of [
      [
        { kind: "queue", queue: "gone" },
        { kind: "topic", topic: "gone" },
      ],
      [
        { kind: "topic", topic: "gone" },
        { kind: "queue", queue: "gone" },
      ],
    ] as const) {
      expect(check(share({ deadLetter, maxLocks: 100 }), share({ deadLetter }))).toBeNull()
      expect(check(share({ deadLetter }), share({ deadLetter: other }))).toMatchObject({ code: "invalid_field" })
      expect(check(share({ deadLetter }), share({}))).toMatchObject({ code: "invalid_field" })
    }
  })
})

import { expect, it } from "vitest"
import { MAX_DATABASE_BYTES, MAX_OUTBOX_BYTES_PER_COMMIT, MAX_RECEIVE_ATTEMPT_BYTES } from "../../../src/core/limits.ts"
import type { ReceiveAttemptRow } from "../../../src/core/queue/changes.ts"
import type { ReceiveRequest, Settlement } from "../../../src/core/queue/commands.ts"
import { ReceiveAttempts } from "../../../src/core/queue/receive-attempts.ts"
import { completeReceive, completeSettlement, completeSubscription } from "../../../src/objects/older-callers.ts"
import { QueueScene } from "./scene.ts"
import { NOW, receiptOf } from "./scene-messages.ts"

const LARGE = "x".repeat(1_000_000)

it("[Q17] remembers as much of receives as fits, the newest of them, also after a restart", () => {
  const attempts = new ReceiveAttempts([])
  const handedOut = Array.from({ length: 1_000 }, (_, offset) => ({ offset: offset * 1_000, attempt: 70_000 }))
  const stored = new Map<string, ReceiveAttemptRow>()
  for (let nth = 0; nth < 2_000; nth++) {
    attempts.remember(`attempt ${nth}`, handedOut, NOW)
    const { written, removed } = attempts.takeChanges(NOW)
    for (const id of removed) stored.delete(id)
    for (const row of written) stored.set(row.id, row)
  }
  const bytes = [...stored.values()].reduce((sum, { leases }) => sum + leases.length, 0)
  expect(bytes).toBeLessThanOrEqual(MAX_RECEIVE_ATTEMPT_BYTES)
  expect(bytes).toBeGreaterThan(MAX_RECEIVE_ATTEMPT_BYTES / 2)
  for (const known of [attempts, new ReceiveAttempts([...stored.values()])]) {
    expect(known.find("attempt 1999", NOW)).toEqual(handedOut)
    expect(known.find("attempt 0", NOW)).toBeNull()
  }
})

it("[Q17] a damaged row repeats nothing, however much it says it holds", () => {
  const leases = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)
  const attempts = new ReceiveAttempts([{ id: "a", expiresAt: NOW + 1, leases }])
  expect(attempts.find("a", NOW)).toEqual([])
})

it("[Q17] a waiting receive under an attempt id is answered once, and leaves the rest to others", () => {
  const scene = QueueScene.create()
  const credit = { grantedMessages: 10, grantedBytes: 1_000_000 }
  scene.subscribe({ id: 9, holder: 0, attemptId: "x", ...credit }, NOW)
  scene.send([{ body: "first" }], NOW)
  scene.send([{ body: "second" }], NOW)
  const pushed = scene.takePushed().flatMap(({ messages }) => messages.map(({ body }) => body))
  expect(pushed).toEqual(["first"])
  expect(scene.receive({ maxMessages: 10 }, NOW).map(({ body }) => body)).toEqual(["second"])
})

it("[Q50] rejects that are too much for one commit are overloaded, and done by the next", () => {
  const scene = QueueScene.create({ deadLetterQueue: "dead" })
  const count = Math.ceil(MAX_OUTBOX_BYTES_PER_COMMIT / LARGE.length) + 5
  for (let sent = 0; sent < count; sent++) scene.send([{ body: LARGE }], NOW)
  const received = Array.from({ length: count }, () => scene.receive({ maxMessages: 1 }, NOW)).flat()
  const failures = scene.together(NOW, () => received.map((message) => scene.reject(message, NOW)))
  const refused = received.filter((_, at) => failures[at] === "overloaded")
  expect(refused.length).toBeGreaterThan(0)
  expect(failures.filter((failure) => failure === null).length).toBe(count - refused.length)
  scene.reload()
  for (const message of refused) expect(scene.reject(message, NOW)).toBeNull()
  expect(scene.statistics(NOW)).toMatchObject({ deadLettered: count, inFlight: 0 })
})

it("[Q51] a database that is full takes no message in", () => {
  const scene = QueueScene.create()
  scene.queue.state.databaseBytes = MAX_DATABASE_BYTES + 1
  expect(scene.send([{ body: "a" }], NOW)).toEqual({ ok: false, error: { code: "storage_full" } })
  scene.queue.state.databaseBytes = MAX_DATABASE_BYTES
  expect(scene.send([{ body: "a" }], NOW).ok).toBe(true)
})

it("[Q52] a call without the newer fields means what it meant", () => {
  const scene = QueueScene.create({ maxDeliveries: 2, deadLetterQueue: "dead" })
  scene.send([{ body: "a" }], NOW)
  const older = { maxMessages: 1, visibilityTimeoutMs: null } as ReceiveRequest
  const nack = { kind: "nack", delayMs: 0, error: null } as const
  for (let delivery = 1; delivery <= 2; delivery++) {
    const received = scene.command(NOW, () => scene.queue.receive(completeReceive(older), NOW))
    const [message] = received.ok ? received.value : []
    const receipt = receiptOf(message!)
    expect(scene.settle(completeSettlement({ ...nack, receipt } as Settlement), NOW)).toBeNull()
  }
  expect(scene.statistics(NOW)).toMatchObject({ deadLettered: 1, ready: 0 })
  expect(completeSubscription({ sub: 1 })).toEqual({ sub: 1, attemptId: null, joinedAt: 0 })
})

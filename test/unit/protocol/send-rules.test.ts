import { expect, test } from "vitest"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../src/core/queue/settings.ts"
import { parseJsonText } from "../../../src/protocol/native/json-text.ts"
import { parseSend, type SendRequest } from "../../../src/protocol/native/messages.ts"
import { checkSend, sameSendRules } from "../../../src/protocol/native/send-rules.ts"

function send(value: unknown): SendRequest {
  const json = parseJsonText(JSON.stringify(value))
  const parsed = json.ok ? parseSend(json.value) : json
  if (!parsed.ok) throw new Error(parsed.error.code)
  return parsed.value
}

function settings(some: Partial<QueueSettings>): QueueSettings {
  return { ...DEFAULT_QUEUE_SETTINGS, ...some }
}

const FIFO: Partial<QueueSettings> = { ordering: "fifo" }
const mixed = { messages: [{ body: 1, groupId: "a" }, { body: 2 }] }

test.each([
  [{}, mixed, "/messages/0/groupId"],
  [FIFO, mixed, "/messages/1/groupId"],
  [FIFO, { body: 1 }, "/groupId"],
  [FIFO, { body: 1, groupId: "a", delayMs: 0 }, "/delayMs"],
  [FIFO, { body: 1, groupId: "a", deliverAt: 0 }, "/deliverAt"],
  [FIFO, { messages: [{ body: 1, groupId: "a", deliverAt: 5 }] }, "/messages/0/deliverAt"],
  [{ dedupWindowMs: 0 }, { body: 1, dedupId: "a" }, "/dedupId"],
  [{ dedupWindowMs: 0 }, { messages: [{ body: 1 }, { body: 1, dedupId: "a" }] }, "/messages/1/dedupId"],
] as const)("a queue with %j refuses %j at %s", (some, value, pointer) => {
  const refused = { ok: false, error: { code: "invalid_field", pointer } }
  expect(checkSend(send(value), settings(some))).toMatchObject(refused)
})

test("[W50] what stands in a batch is named as that", () => {
  const refused = { error: { pointer: "/batch/1/groupId" } }
  expect(checkSend({ ...send(mixed), place: "/batch" }, settings(FIFO))).toMatchObject(refused)
})

test.each([
  [{}, { body: 1, delayMs: 5, ttlMs: 5, dedupId: "a" }],
  [{ fair: true }, mixed],
  [FIFO, { body: 1, groupId: "a", ttlMs: 5, dedupId: "a" }],
  [
    { dedupWindowMs: 0, contentDeduplication: true },
    { body: 1, deliverAt: 5 },
  ],
] as const)("a queue with %j takes %j", (some, value) => {
  expect(checkSend(send(value), settings(some)).ok).toBe(true)
})

test.each([
  [{ ordering: "fifo" }, false],
  [{ fair: true }, false],
  [{ contentDeduplication: true }, false],
  [{ dedupScope: "group" }, false],
  [{ dedupWindowMs: 0 }, false],
  [{ dedupWindowMs: 1 }, true],
  [{ delayMs: 5, sendingPaused: true, maxMessages: 5 }, true],
] as const)("what was checked before %j was set holds afterwards: %j", (some, expected) => {
  expect(sameSendRules(DEFAULT_QUEUE_SETTINGS, settings(some))).toBe(expected)
})

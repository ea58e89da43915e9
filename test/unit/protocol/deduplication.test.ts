import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { dedupKey } from "../../../src/core/queue/dedup/dedup-key.ts"
import { DEFAULT_QUEUE_SETTINGS } from "../../../src/core/queue/settings.ts"
import {
  contentIds,
  needsContentIds,
  termsForObject,
  withIdempotencyKey,
} from "../../../src/protocol/native/deduplication.ts"
import { parseJsonText } from "../../../src/protocol/native/json-text.ts"
import { parseSend, type SendRequest } from "../../../src/protocol/native/messages.ts"

const BY_CONTENT = { ...DEFAULT_QUEUE_SETTINGS, contentDeduplication: true }
const BY_GROUP = { ...BY_CONTENT, ordering: "fifo", dedupScope: "group" } as const

function send(...messages: object[]): SendRequest {
  const json = parseJsonText(JSON.stringify({ messages }))
  const parsed = json.ok ? parseSend(json.value) : json
  if (!parsed.ok) throw new Error(parsed.error.code)
  return parsed.value
}

function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`
}

test("without ids there is nothing to tell, and nothing to wait for", () => {
  const sent = send({ body: 1 }, { body: 2 })
  expect(needsContentIds(sent, DEFAULT_QUEUE_SETTINGS)).toBe(false)
  expect(termsForObject(sent, DEFAULT_QUEUE_SETTINGS, null)).toBeNull()
})

test("an idempotency key is an id for each message that has none", () => {
  const keyed = withIdempotencyKey(send({ body: 1 }, { body: 2, dedupId: "own", ttlMs: 5 }, { body: 3, ttlMs: 6 }), "k")
  if (!keyed.ok) throw new Error(keyed.error.code)
  expect([...keyed.value.terms!]).toEqual([
    [0, { dedupId: "k/0" }],
    [1, { dedupId: "own", ttlMs: 5 }],
    [2, { dedupId: "k/2", ttlMs: 6 }],
  ])
  expect(needsContentIds(keyed.value, BY_CONTENT)).toBe(false)
})

test.each(["", "x".repeat(125), "é".repeat(63)])("%j is no idempotency key", (key) => {
  const refused = { ok: false, error: { code: "invalid_field", pointer: "/idempotency-key" } }
  expect(withIdempotencyKey(send({ body: 1 }), key)).toMatchObject(refused)
})

test("the longest idempotency key leaves room for the number of the last message", () => {
  const messages = Array.from({ length: 1000 }, () => ({ body: 1 }))
  const keyed = withIdempotencyKey(send(...messages), "x".repeat(124))
  if (!keyed.ok) throw new Error(keyed.error.code)
  expect(keyed.value.terms!.get(999)!.dedupId).toHaveLength(128)
})

test("the content of a message is its body as bytes, and nothing else", async () => {
  const sent = send(
    { body: "é" },
    { body: { a: 1 }, headers: { h: "1" } },
    { bodyBase64: "w6k=" },
    { body: 1, dedupId: "d" },
  )
  expect(needsContentIds(sent, BY_CONTENT)).toBe(true)
  expect(needsContentIds(sent, { ...BY_CONTENT, dedupWindowMs: 0 })).toBe(false)
  const ids = await contentIds(sent)
  expect([...ids]).toEqual([
    [0, sha256("é")],
    [1, sha256('{"a":1}')],
    [2, sha256("é")],
  ])
  const terms = termsForObject(sent, BY_CONTENT, ids)!
  expect(terms.get(0)).toEqual({ dedupKey: dedupKey("queue", null, sha256("é")) })
  expect(terms.get(3)).toEqual({ dedupKey: dedupKey("queue", null, "d") })
})

test("a key is the queue's or the group's, as the queue says", () => {
  const sent = send({ body: 1, groupId: "ä", dedupId: "d", delayMs: 3 }, { body: 1, groupId: "b", ttlMs: 4 })
  expect(termsForObject(sent, { ...BY_GROUP, dedupScope: "queue" }, null)!.get(0)).toEqual({
    delayMs: 3,
    dedupKey: dedupKey("queue", null, "d"),
  })
  const terms = termsForObject(sent, BY_GROUP, null)!
  expect(terms.get(0)).toEqual({ delayMs: 3, dedupKey: dedupKey("group", "ä", "d") })
  expect(terms.get(1)).toEqual({ ttlMs: 4 })
})

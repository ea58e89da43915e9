import fc from "fast-check"
import { safeParse } from "valibot"
import { expect, test } from "vitest"
import { MAX_AHEAD_MS, MAX_BATCH_ENTRIES, MAX_DELIVER_AT, MAX_MESSAGE_BYTES } from "../../../src/core/limits.ts"
import { parseJsonBytes, parseJsonText } from "../../../src/protocol/native/json-text.ts"
import { parseSend } from "../../../src/protocol/native/messages.ts"
import { sendSchema } from "../../../src/routes/queues/schemas.ts"
import { base64, body, headers, isVisibleToSchema, nearly, nearlyBatch } from "./near-json.ts"

const number = fc.constantFrom(0, 1, -1, 0.5, MAX_AHEAD_MS, MAX_AHEAD_MS + 1, MAX_DELIVER_AT, MAX_DELIVER_AT + 1)
const message = fc.oneof(
  nearly({ body, groupId: fc.string(), headers }),
  nearly({ body, headers }),
  nearly({ body, delayMs: number, ttlMs: number, dedupId: fc.string({ maxLength: 130 }) }),
  nearly({ body, delayMs: number, deliverAt: number }),
  nearly({ bodyBase64: base64, deliverAt: number, dedupId: fc.string({ minLength: 1 }) }),
  nearly({ bodyBase64: base64, groupId: fc.string({ minLength: 1 }) }),
)

function send(value: unknown) {
  const json = parseJsonText(JSON.stringify(value))
  if (!json.ok) throw new Error("not JSON")
  return parseSend(json.value)
}

test("the parser and the published schema agree on what a send is", () => {
  fc.assert(
    fc.property(fc.oneof(message, nearlyBatch("messages", message)), (given) => {
      const value = JSON.parse(JSON.stringify(given)) as unknown
      fc.pre(isVisibleToSchema(value))
      expect(send(value).ok).toBe(safeParse(sendSchema, value).success)
    }),
    { numRuns: 2000 },
  )
})

test("any bytes are messages or a refusal", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const json = parseJsonBytes(new TextEncoder().encode(text))
      const parsed = json.ok ? parseSend(json.value) : json
      if (!parsed.ok) expect(parsed.error.code).toMatch(/^invalid_/)
    }),
  )
})

test("a body keeps its kind and its exact text", () => {
  const json = parseJsonText(
    '{"messages":[{"body":"é\\n"},{"body": {"a" : 1.0} },{"bodyBase64":"AP8="},{"body":null}]}',
  )
  const parsed = json.ok ? parseSend(json.value) : json
  if (!parsed.ok) throw new Error(parsed.error.code)
  const kept = parsed.value.records.map(({ format, value }) => [format, String.fromCharCode(...value)])
  expect(kept).toEqual([
    ["text", "\xc3\xa9\n"],
    ["json", '{"a" : 1.0}'],
    ["bytes", "\x00\xff"],
    ["json", "null"],
  ])
})

test.each([
  [[], "", "must be an object"],
  [{}, "/body", "body or bodyBase64 is required"],
  [{ body: "x", bodyBase64: "" }, "/bodyBase64", "must not stand beside body"],
  [{ body: "\ud800" }, "/body", "must not have a lone surrogate"],
  [{ bodyBase64: "!" }, "/bodyBase64", "must be base64"],
  [{ bodyBase64: 1 }, "/bodyBase64", "must be base64"],
  [{ body: 1, "a/b~": 1 }, "/a~1b~0", "unknown field"],
  [{ body: 1, groupId: "" }, "/groupId", "must not be empty"],
  [{ body: 1, groupId: "é".repeat(513) }, "/groupId", "must have at most 1024 bytes"],
  [{ body: 1, headers: [] }, "/headers", "must be an object of strings"],
  [{ body: 1, delayMs: -1 }, "/delayMs", `must be an integer from 0 to ${MAX_AHEAD_MS}`],
  [{ body: 1, delayMs: MAX_AHEAD_MS + 1 }, "/delayMs", `must be an integer from 0 to ${MAX_AHEAD_MS}`],
  [{ body: 1, delayMs: 0, deliverAt: 0 }, "/deliverAt", "must not stand beside delayMs"],
  [{ body: 1, deliverAt: "now" }, "/deliverAt", `must be an integer from 0 to ${MAX_DELIVER_AT}`],
  [{ body: 1, deliverAt: MAX_DELIVER_AT + 1 }, "/deliverAt", `must be an integer from 0 to ${MAX_DELIVER_AT}`],
  [{ body: 1, ttlMs: 0 }, "/ttlMs", `must be an integer from 1 to ${MAX_AHEAD_MS}`],
  [{ body: 1, ttlMs: null }, "/ttlMs", `must be an integer from 1 to ${MAX_AHEAD_MS}`],
  [{ body: 1, dedupId: "" }, "/dedupId", "must not be empty"],
  [{ body: 1, dedupId: 5 }, "/dedupId", "must be a string"],
  [{ body: 1, dedupId: "é".repeat(65) }, "/dedupId", "must have at most 128 bytes"],
  [{ body: 1, dedupId: "\ud800" }, "/dedupId", "must not have a lone surrogate"],
  [
    { messages: [{ body: 1 }, { body: 1, ttlMs: 0 }] },
    "/messages/1/ttlMs",
    `must be an integer from 1 to ${MAX_AHEAD_MS}`,
  ],
  [{ body: 1, headers: { "x/y": 1 } }, "/headers/x~1y", "must be a string"],
  [{ body: 1, headers: { "": "" } }, "/headers/", "a header's name must have 1 to 256 bytes of valid text"],
  [{ messages: {} }, "/messages", "must be an array"],
  [{ messages: [] }, "/messages", "must not be empty"],
  [{ messages: [{ body: 1 }], body: 1 }, "/body", "unknown field"],
  [{ messages: [{ body: 1 }, 2] }, "/messages/1", "must be an object"],
  [{ messages: [{ body: 1 }, { body: 1, delay: 2 }] }, "/messages/1/delay", "unknown field"],
  [
    { messages: Array.from({ length: MAX_BATCH_ENTRIES + 1 }, () => ({ body: 1 })) },
    "/messages",
    "must have at most 1000 entries",
  ],
])("%j is refused at %s", (value, pointer, detail) => {
  expect(send(value)).toEqual({ ok: false, error: { code: "invalid_field", pointer, detail } })
})

test("__proto__ is a header like any other", () => {
  const json = parseJsonText('{"body":1,"headers":{"__proto__":"x"}}')
  const parsed = json.ok ? parseSend(json.value) : json
  expect(parsed.ok && parsed.value.records[0]?.headers.length).toBe(1)
})

test("a message that is too large is refused, and says which", () => {
  const tooLarge = { code: "payload_too_large", limitBytes: MAX_MESSAGE_BYTES }
  const large = { body: "x".repeat(MAX_MESSAGE_BYTES + 1) }
  expect(send(large)).toEqual({ ok: false, error: tooLarge })
  expect(send({ messages: [{ body: 1 }, large] })).toEqual({
    ok: false,
    error: { ...tooLarge, pointer: "/messages/1" },
  })
  expect(send({ body: "x".repeat(MAX_MESSAGE_BYTES) }).ok).toBe(true)
})

test("terms stand by the place of their message, and there are none where nobody asks for any", () => {
  const plain = send({ messages: [{ body: 1 }, { body: 2, headers: { a: "b" } }] })
  expect(plain).toMatchObject({ ok: true, value: { terms: null } })
  const some = send({ messages: [{ body: 1 }, { body: 2, delayMs: 0, ttlMs: 5 }, { body: 3, dedupId: "é" }] })
  if (!some.ok) throw new Error(some.error.code)
  expect([...(some.value.terms ?? [])]).toEqual([
    [1, { delayMs: 0, ttlMs: 5 }],
    [2, { dedupId: "é" }],
  ])
  expect(send({ body: 1, deliverAt: MAX_DELIVER_AT })).toMatchObject({ ok: true })
})

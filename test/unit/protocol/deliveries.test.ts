import fc from "fast-check"
import { expect, test } from "vitest"
import { encodeFrame } from "../../../src/core/log/frame.ts"
import type { Delivery } from "../../../src/core/log/types.ts"
import { deliveriesJson, sendResultsJson } from "../../../src/protocol/native/deliveries.ts"
import { encodeUtf8 } from "../../../src/protocol/native/fields.ts"
import { parseJsonText } from "../../../src/protocol/native/json-text.ts"
import { parseSend } from "../../../src/protocol/native/messages.ts"
import { parseReceipt } from "../../../src/protocol/native/receipt.ts"
import { base64 } from "./near-json.ts"

const SOURCE = { incarnation: 7, shard: 0 }
const text = fc.string({ unit: "grapheme" })

function deliver(frames: readonly Uint8Array[]) {
  const deliveries = frames.map((frame, index): Delivery => {
    return {
      offset: index,
      messageId: 10 + index,
      appendedAt: 99,
      attempt: 3,
      deliveryCount: 2,
      firstDeliveredAt: 1,
      frame,
    }
  })
  return JSON.parse(deliveriesJson(SOURCE, deliveries)) as Record<string, unknown>[]
}

test("a message comes back the way it went in", () => {
  const meta = {
    groupId: fc.string({ unit: "grapheme", minLength: 1 }),
    headers: fc.dictionary(text.filter(Boolean), text),
  }
  const message = fc.oneof(
    fc.record({ body: fc.oneof(text, fc.jsonValue()), ...meta }, { requiredKeys: ["body"] }),
    fc.record({ bodyBase64: base64, ...meta }, { requiredKeys: ["bodyBase64"] }),
  )
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (given) => {
      const messages = JSON.parse(JSON.stringify(given)) as { headers?: object }[]
      const json = parseJsonText(JSON.stringify({ messages }))
      const sent = json.ok ? parseSend(json.value) : json
      fc.pre(sent.ok)
      const received = deliver(sent.value.records.map(encodeFrame))
      const stripped = received.map(({ id: _i, receipt: _r, deliveryCount: _d, sentAt: _s, ...message }) => message)
      const expected = messages.map(({ headers, ...message }) => {
        return headers === undefined || Object.keys(headers).length === 0 ? message : { ...message, headers }
      })
      expect(JSON.stringify(stripped.map(sorted))).toBe(JSON.stringify(expected.map(sorted)))
    }),
  )
})

function sorted(object: object): unknown {
  return Object.fromEntries(Object.entries(object).toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

test("a delivery names its message and its attempt", () => {
  const record = {
    format: "json",
    value: encodeUtf8("12345678901234567890"),
    key: null,
    headers: [],
    producedAt: null,
  } as const
  const [message] = deliver([encodeFrame(record)])
  expect(message).toMatchObject({ id: "7-0-10", deliveryCount: 2, sentAt: 99 })
  expect(parseReceipt(message?.["receipt"] as string)).toEqual({
    ok: true,
    value: { incarnation: 7, shard: 0, stateId: 0, stateGeneration: 0, offset: 0, attempt: 3 },
  })
})

test("JSON is passed on as it was written", () => {
  const value = encodeUtf8('{"n": 12345678901234567890, "x": 1.0}')
  const frame = encodeFrame({ format: "json", value, key: null, headers: [], producedAt: null })
  const delivery = { offset: 0, messageId: 0, appendedAt: 0, attempt: 1, deliveryCount: 1, firstDeliveredAt: 0, frame }
  expect(deliveriesJson(SOURCE, [delivery])).toContain('"body":{"n": 12345678901234567890, "x": 1.0}')
})

test("a damaged message has a problem and spoils no other", () => {
  const frame = encodeFrame({ format: "text", value: encodeUtf8("x"), key: null, headers: [], producedAt: null })
  const damaged = frame.slice()
  damaged[6]! ^= 1
  const messages = deliver([damaged, frame, new Uint8Array()])
  expect(messages[0]).toMatchObject({ problem: { code: "corrupt_batch", firstOffset: 0, lastOffset: 0 } })
  expect(messages[1]).toMatchObject({ body: "x" })
  expect(messages[2]).toMatchObject({ problem: { code: "corrupt_batch", firstOffset: 2 } })
})

test("of headers with one name the last counts", () => {
  const header = (value: string) => ({ name: encodeUtf8("a"), value: encodeUtf8(value) })
  const headers = [header("1"), header("2")]
  const [message] = deliver([
    encodeFrame({ format: "bytes", value: new Uint8Array(), key: null, headers, producedAt: null }),
  ])
  expect(message).toMatchObject({ bodyBase64: "", headers: { a: "2" } })
})

test("a send answers an id or a problem for each message", () => {
  const reply = { incarnation: 7, results: [3, { code: "storage_full" } as const] }
  expect(JSON.parse(sendResultsJson(0, reply))).toMatchObject([
    { id: "7-0-3" },
    { problem: { code: "storage_full", status: 507 } },
  ])
})

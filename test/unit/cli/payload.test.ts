import { describe, expect, it } from "vitest"
import type { Format } from "../../../src/client/index.ts"
import { Latencies } from "../../../src/cli/commands/bench-latencies.ts"
import { asReceived, cellOf, jsonPayload, payloadOf, shownOf } from "../../../src/cli/payload.ts"

describe("a line of NDJSON", () => {
  it("keeps what kind of body it has", () => {
    expect(payloadOf({ body: "hello" }, 1)).toEqual({ format: "text", value: "hello" })
    expect(payloadOf({ body: { a: 1 } }, 1)).toEqual({ format: "json", value: '{"a":1}' })
    expect(payloadOf({ body: null }, 1)).toEqual({ format: "json", value: "null" })
    expect(payloadOf({ bodyBase64: "AAE=" }, 1)).toEqual({ format: "bytes", value: Uint8Array.of(0, 1) })
  })

  it.each([
    [{}, /line 7 has neither/],
    [{ body: 1, bodyBase64: "" }, /line 7 has body and bodyBase64/],
    [{ bodyBase64: "?" }, /line 7: bodyBase64 is no base64/],
  ])("%j is refused", (value, message) => {
    expect(() => payloadOf(value, 7)).toThrow(message)
  })
})

it("JSON that was typed stays as it stands", () => {
  expect(jsonPayload("12345678901234567890", "--json-body")).toEqual({ format: "json", value: "12345678901234567890" })
})

it.each<[Format, Uint8Array, unknown, string]>([
  ["text", new TextEncoder().encode("grün"), { body: "grün" }, "grün"],
  ["text", new TextEncoder().encode("123"), { body: "123" }, "123"],
  ["json", new TextEncoder().encode("123"), { body: 123 }, "123"],
  ["json", new TextEncoder().encode('{"a": [1]}'), { body: { a: [1] } }, '{"a":[1]}'],
  ["bytes", Uint8Array.of(0xff, 0), { bodyBase64: "/wA=" }, "base64:/wA="],
])("%s %j is shown as %j", (format, bytes, shown, cell) => {
  const received = asReceived.decode(bytes, format)
  expect(shownOf(received)).toEqual(shown)
  expect(cellOf(shownOf(received))).toBe(cell)
})

describe("latencies", () => {
  it("percentiles are exact", () => {
    const latencies = new Latencies()
    expect(latencies.percentile(0.5)).toBe(0)
    for (let durationMs = 100; durationMs >= 1; durationMs--) latencies.add(durationMs)
    expect([0.5, 0.95, 0.99, 1].map((share) => latencies.percentile(share))).toEqual([50, 95, 99, 100])
  })

  it("of a long run are those of a part, evenly taken", () => {
    const latencies = new Latencies()
    for (let at = 0; at < 3_000_000; at++) latencies.add(at)
    expect(latencies.count).toBe(3_000_000)
    expect(latencies.percentile(0.5) / 3_000_000).toBeCloseTo(0.5, 4)
    expect(latencies.percentile(1)).toBe(2_999_999)
  })
})

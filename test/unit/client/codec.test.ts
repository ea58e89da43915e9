import * as v from "valibot"
import { describe, expect, expectTypeOf, test } from "vitest"
import { bytes, type Codec, decoderOf, encodeWith, json, text } from "../../../src/client/codec.ts"
import {
  type BrokerErrorCode,
  errorOf,
  isMillraceError,
  MillraceError,
  type Problem,
} from "../../../src/client/errors.ts"
import type { StandardSchema } from "../../../src/client/standard-schema.ts"
import type { ErrorCode } from "../../../src/core/errors.ts"
import { problemOf } from "../../../src/protocol/native/problems.ts"

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const thrownBy = async (fn: () => unknown): Promise<unknown> => {
  try {
    return await fn()
  } catch (error) {
    return error
  }
}

describe("a codec", () => {
  test("[W51] says in which form a value travels", () => {
    const framed: Codec<number> = { encode: (value) => Uint8Array.of(value), decode: ([value]) => value! }
    expect(encodeWith(json(), { a: 1 })).toEqual({ format: "json", bytes: utf8('{"a":1}') })
    expect(encodeWith(text, "ü")).toEqual({ format: "text", bytes: utf8("ü") })
    expect(encodeWith(bytes, Uint8Array.of(1))).toEqual({ format: "bytes", bytes: Uint8Array.of(1) })
    expect(encodeWith(framed, 7)).toEqual({ format: "bytes", bytes: Uint8Array.of(7) })
    expect(encodeWith({ encode: String, decode: Number }, 7)).toEqual({
      format: "text",
      bytes: utf8("7"),
    })
  })

  test("keeps no more of what arrived than its value", () => {
    const shared = Uint8Array.of(1, 2, 3, 4)
    const value = bytes.decode(shared.subarray(1, 3))
    expect([value, value.buffer.byteLength]).toEqual([Uint8Array.of(2, 3), 2])
  })

  test("that fails is an error with a code", async () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    expect(await thrownBy(() => encodeWith(json(), circle))).toMatchObject({ code: "invalid_value" })
    expect(await thrownBy(() => encodeWith(json(), undefined))).toMatchObject({ code: "invalid_value" })
    expect(await thrownBy(() => decoderOf(json(), undefined)(utf8("{")))).toMatchObject({ code: "invalid_value" })
    expect(await thrownBy(() => decoderOf(text, undefined)(Uint8Array.of(255)))).toMatchObject({
      code: "invalid_value",
    })
  })
})

describe("a schema", () => {
  test("makes the value of what was decoded, or says where it is wrong", async () => {
    const decode = decoderOf(json(), v.object({ at: v.pipe(v.string(), v.isoTimestamp(), v.toDate()) }))
    expect(await decode(utf8('{"at":"2026-01-01T00:00:00Z"}'))).toEqual({ at: new Date("2026-01-01T00:00:00Z") })
    const error = await thrownBy(() => decode(utf8('{"at":1}')))
    expect(isMillraceError(error, "invalid_value")).toBe(true)
    expect((error as Error).message).toContain("at: Invalid type")
  })

  test("may be written by hand, and take its time", async () => {
    const even: StandardSchema<unknown, number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        async validate(value) {
          return typeof value === "number" && value % 2 === 0 ? { value } : { issues: [{ message: "odd" }] }
        },
      },
    }
    expect(await decoderOf(json(), even)(utf8("4"))).toBe(4)
    expect(await thrownBy(() => decoderOf(json(), even)(utf8("3")))).toMatchObject({ code: "invalid_value" })
  })
})

describe("an error", () => {
  test("has every code that the broker has", () => {
    expectTypeOf<Exclude<BrokerErrorCode, "internal_error">>().toEqualTypeOf<ErrorCode>()
  })

  test("tells what the broker said", () => {
    const problem = { ...problemOf({ code: "queue_full", retryAfterMs: 1_500 }).document } as Problem
    const error = errorOf(problem)
    expect(error).toBeInstanceOf(MillraceError)
    expect(error).toMatchObject({ code: "queue_full", status: 429, retryable: true, retryAfterMs: 1_500, problem })
    expect(error.message).toBe(problem.detail)
    const cause = new Error("why")
    const own = new MillraceError("closed", "The client is closed.", { cause })
    expect(own).toMatchObject({ code: "closed", retryable: false, retryAfterMs: undefined, status: undefined, cause })
    expect(errorOf("nonsense").code).toBe("internal_error")
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MAX_BATCH_ENTRIES } from "../../../src/core/limits.ts"
import { batchesOf, decodeWireMessage, encodeWireMessage } from "../../../src/protocol/native/wire-message.ts"
import { expectCorrupt, expectOnlyCorrupt, truncations } from "../log/arbitraries.ts"
import { anyText } from "./wire-arbitraries.ts"

const anyMessage = fc.record({ json: anyText, batches: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }) })

describe("a binary message", () => {
  it("[W49] is read as it was written", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decodeWireMessage(encodeWireMessage(message))).toEqual(message)
      }),
    )
  })

  it("[W49] is none where a part can't be read, or is no UTF-8", () => {
    const bytes = encodeWireMessage({ json: '{"type":"ping"}', batches: [Uint8Array.of(1, 2, 3)] })
    const withoutBatch = 1 + 1 + 15
    for (const truncated of truncations(bytes)) {
      if (truncated.length !== withoutBatch) expectCorrupt(() => decodeWireMessage(truncated))
    }
    expectCorrupt(() => decodeWireMessage(Uint8Array.of(2, ...bytes.subarray(1))))
    expectCorrupt(() => decodeWireMessage(Uint8Array.of(...bytes, 5)))
    expectCorrupt(() => decodeWireMessage(Uint8Array.of(1, 1, 0xff)))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (garbage) => {
        expectOnlyCorrupt(() => decodeWireMessage(garbage))
        expectOnlyCorrupt(() => decodeWireMessage(Uint8Array.of(1, ...garbage)))
      }),
    )
  })

  it("[W49] has no more batches than frames, however short they are", () => {
    const message = { json: "[]", batches: Array.from({ length: MAX_BATCH_ENTRIES }, () => new Uint8Array()) }
    const bytes = encodeWireMessage(message)
    expect(decodeWireMessage(bytes)).toEqual(message)
    expectCorrupt(() => decodeWireMessage(Uint8Array.of(...bytes, 0)))
  })

  it("[W49] gives each frame that wants one its batch, in order, and has none left", () => {
    const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)]
    const frames = [{ batch: true }, { batch: false }, null, 7, { batch: true }, { batch: "true" }]
    expect(batchesOf(frames, [one, two])).toEqual([one, null, null, null, two, null])
    expectCorrupt(() => batchesOf(frames, [one]))
    expectCorrupt(() => batchesOf(frames, [one, two, two]))
    expect(batchesOf([], [])).toEqual([])
  })
})

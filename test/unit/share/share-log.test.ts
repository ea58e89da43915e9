import { expect, it } from "vitest"
import { encodeRowHeader } from "../../../src/core/log/row.ts"
import { ShareLog } from "../../../src/core/stream/share/share-log.ts"

it("[P21] rows that the log does not begin with any more leave memory", () => {
  const bounds = { startOffset: 0, committedEnd: 20, compactions: 0 }
  let reads = 0
  const entry = { appendedAt: 1, messageId: 1, keyHash: 0, expiresAt: 0, length: 1, position: 0 }
  const rowOf = (offset: number) => {
    const header = encodeRowHeader([{ ...entry, offset }])
    return { baseOffset: offset, lastOffset: offset, header, frames: Uint8Array.of(7) }
  }
  const read = (offset: number) => {
    reads++
    return rowOf(offset)
  }
  const log = new ShareLog(bounds, { spans: { at: rowOf, after: () => null }, source: { read } })
  const look = (): void => [3, 12].forEach((offset) => expect(log.frameAt(offset).frame).toEqual(Uint8Array.of(7)))
  look()
  look()
  expect(reads).toBe(2)
  bounds.startOffset = 10
  look()
  expect(reads).toBe(3)
})

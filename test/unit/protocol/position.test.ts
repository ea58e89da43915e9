import { expect, it } from "vitest"
import { parsePosition } from "../../../src/protocol/native/position.ts"

it.each([
  ["earliest", { kind: "earliest" }],
  ["latest", { kind: "latest" }],
  ["0", { kind: "offset", offset: 0 }],
  ["9007199254740991", { kind: "offset", offset: Number.MAX_SAFE_INTEGER }],
  ["-1", { kind: "last", count: 1 }],
  ["-0", { kind: "last", count: 0 }],
  ["@1700000000000", { kind: "time", timestamp: 1_700_000_000_000 }],
])("[H60] %s is a place to read from", (text, position) => {
  expect(parsePosition(text)).toEqual(position)
})

it.each(["", "-", "@", "--1", "-@1", "+1", "1.0", "1e3", " 1", "Latest", "9007199254740992", "-9007199254740992"])(
  "[H60] %j is none",
  (text) => {
    expect(parsePosition(text)).toBeNull()
  },
)

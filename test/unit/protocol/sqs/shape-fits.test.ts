import { describe, expect, it } from "vitest"
import { readJsonInput } from "../../../../src/protocol/sqs/json-input.ts"
import { shapeFits } from "../../../../src/protocol/sqs/shape-fits.ts"
import { BLOB, BOOLEAN, INTEGER, list, map, STRING, structure } from "../../../../src/protocol/sqs/shapes.ts"

const ENTRY = structure({ Id: STRING }, { Delay: INTEGER, Blob: BLOB, Names: map("Name", "key", "value", STRING) })
const SHAPE = structure({ Url: STRING }, { Entries: list("Entry", ENTRY), Flag: BOOLEAN })

describe("requests that are taken as they stand", () => {
  it.each([
    { Url: "u" },
    { Flag: true, Url: "" },
    { Url: "u", Entries: [] },
    { Url: "u", Entries: [{ Id: "a" }, { Delay: 0, Id: "b", Blob: "AA==" }] },
  ])("[X2] %j is what was asked for", (value) => expect(shapeFits(SHAPE, value)).toBe(true))

  it.each([
    [null],
    [[]],
    ["u"],
    [{}],
    [{ Url: null }],
    [{ Url: 1 }],
    [{ Url: "u", Flag: null }],
    [{ Url: "u", Other: "o" }],
    [JSON.parse('{"Url": "u", "__proto__": "o"}') as unknown],
    [{ Url: "u", constructor: "o" }],
    [{ Url: "u", Entries: [{}] }],
    [{ Url: "u", Entries: {} }],
    [{ Url: "u", Entries: [{ Id: "a", Delay: 0.5 }] }],
    [{ Url: "u", Entries: [{ Id: "a", Delay: -0 }] }],
    [{ Url: "u", Entries: [{ Id: "a", Names: { x: "y" } }] }],
  ])("[X2] %j is looked at more closely", (value) => expect(shapeFits(SHAPE, value)).toBe(false))

  it("[X2] strange members are passed over all the same", () => {
    const body = new TextEncoder().encode(
      '{"QueueUrl": "u", "MessageBody": "b", "constructor": "o", "DelaySeconds": null}',
    )
    expect(readJsonInput("SendMessage", body)).toEqual({ ok: true, value: { QueueUrl: "u", MessageBody: "b" } })
  })
})

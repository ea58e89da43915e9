import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ACTIONS, type ActionName } from "../../../src/protocol/sqs/actions.ts"
import { readJsonInput } from "../../../src/protocol/sqs/json-input.ts"
import { MAX_LIST_MEMBERS } from "../../../src/protocol/sqs/limits.ts"
import { valueOf } from "../../support/sqs-shapes.ts"

const NAMES = Object.keys(ACTIONS) as ActionName[]
const encoder = new TextEncoder()
const { requests } = JSON.parse(readFileSync("test/vectors/sqs-requests.json", "utf8")) as {
  requests: { action: ActionName; input: object; json: string }[]
}

function read(name: ActionName, body: unknown) {
  return readJsonInput(name, encoder.encode(typeof body === "string" ? body : JSON.stringify(body)))
}

/** The code and message with which `body` is refused. */
function refusalOf(name: ActionName, body: unknown): string {
  const input = read(name, body)
  return input.ok ? "accepted" : `${input.error.name}: ${input.error.message}`
}

const SEND = { QueueUrl: "u", MessageBody: "b" }
const batch = (entry: unknown) => ({ QueueUrl: "u", Entries: [{ Id: "a", MessageBody: "b" }, entry] })

describe.each(NAMES)("%s", (name) => {
  const shape = ACTIONS[name].input

  test("[X2] takes every input that its shape has", () => {
    fc.assert(
      fc.property(valueOf(shape), (input) => {
        const taken = read(name, input)
        expect(taken.ok && JSON.parse(JSON.stringify(taken.value))).toEqual(JSON.parse(JSON.stringify(input)))
      }),
      { numRuns: 40 },
    )
  })

  test("[X2] names the parameter that is missing", () => {
    fc.assert(
      fc.property(valueOf(shape), fc.constantFrom(null, undefined), (input, nothing) => {
        for (const member of Object.keys(shape.required)) {
          expect(refusalOf(name, { ...(input as object), [member]: nothing })).toBe(
            `MissingParameter: The request must contain the parameter ${member}.`,
          )
        }
      }),
      { numRuns: 10 },
    )
  })
})

test.each(requests)("[X2] reads $action as the current SDK sends it", ({ action, input, json }) => {
  const taken = read(action, json)
  expect(taken.ok && JSON.parse(JSON.stringify(taken.value))).toEqual(input)
})

test("[X2] null is as good as left out, and what no action has is passed over", () => {
  expect(read("SendMessage", { ...SEND, DelaySeconds: null, MessageAttributes: null, Nonsense: { a: 1 } })).toEqual({
    ok: true,
    value: SEND,
  })
  for (const body of ["", "{}", "null", ' {"a":[{}]} '])
    expect(read("ListQueues", body)).toEqual({ ok: true, value: {} })
})

test("[X2] a fraction is cut off", () => {
  for (const [given, taken] of [
    [1.9, 1],
    [-1.9, -1],
    [-0.5, 0],
    [1e300, 1e300],
  ] as const) {
    const input = readJsonInput("SendMessage", encoder.encode(JSON.stringify({ ...SEND, DelaySeconds: given })))
    expect(input.ok && input.value.DelaySeconds).toBe(taken)
  }
})

test.each([
  [{ DelaySeconds: "1" }, "STRING_VALUE can not be converted to an Integer"],
  [{ DelaySeconds: true }, "TRUE_VALUE can not be converted to an Integer"],
  [{ DelaySeconds: [] }, "Start of list found where not expected"],
  [{ DelaySeconds: {} }, "Start of structure or map found where not expected."],
  [{ MessageBody: 1 }, "NUMBER_VALUE can not be converted to a String"],
  [{ MessageBody: 1.5 }, "DECIMAL_VALUE can not be converted to a String"],
  [{ MessageBody: false }, "FALSE_VALUE can not be converted to a String"],
  [{ MessageBody: ["b"] }, "Start of list found where not expected"],
  [{ MessageBody: { b: 1 } }, "Start of structure or map found where not expected."],
  [{ MessageAttributes: [] }, "Start of list found where not expected"],
  [{ MessageAttributes: "x" }, "Expected map or null"],
  [{ MessageAttributes: { a: 1 } }, "Expected null"],
  [{ MessageAttributes: { a: [] } }, "Start of list found where not expected"],
  [{ MessageAttributes: { a: { DataType: "Binary", BinaryValue: 7 } } }, "NUMBER_VALUE can not be converted to a Blob"],
])("[X2] %j is of the wrong type", (wrong, message) => {
  expect(refusalOf("SendMessage", { ...SEND, ...wrong })).toBe(`SerializationException: ${message}`)
})

test.each([
  [{ Entries: {} }, "Start of structure or map found where not expected."],
  [{ Entries: "x" }, "Expected list or null"],
  [{ Entries: [1] }, "Expected null"],
  [{ Entries: [null] }, "Expected null"],
])("[X2] %j is of the wrong type in a batch", (wrong, message) => {
  expect(refusalOf("SendMessageBatch", { QueueUrl: "u", ...wrong })).toBe(`SerializationException: ${message}`)
})

test("[X2] what is missing inside is named as the query protocol names it", () => {
  const missing = (parameter: string) => `MissingParameter: The request must contain the parameter ${parameter}.`
  expect(refusalOf("SendMessageBatch", batch({ Id: "b" }))).toBe(missing("SendMessageBatchRequestEntry.2.MessageBody"))
  const attributes = { MessageAttributes: { a: { DataType: "String" }, b: {} } }
  expect(refusalOf("SendMessage", { ...SEND, ...attributes })).toBe(missing("MessageAttribute.2.Value.DataType"))
})

test("[X2] lists and maps are as long as a form's, and no longer", () => {
  const names = Array.from({ length: MAX_LIST_MEMBERS }, (_, index) => String(index))
  const untag = (keys: readonly string[]) => refusalOf("UntagQueue", { QueueUrl: "u", TagKeys: keys })
  const tag = (keys: readonly string[]) => {
    return refusalOf("TagQueue", { QueueUrl: "u", Tags: Object.fromEntries(keys.map((key) => [key, ""])) })
  }
  for (const asked of [untag, tag]) {
    expect(asked(names)).toBe("accepted")
    expect(asked([...names, "more"])).toBe("SerializationException: A list or map has at most 10000 members.")
  }
})

test("[X2] what is no JSON in UTF-8 is a SerializationException", () => {
  for (const body of ["{", "x", "{}{}", '{"a":1e999}x', "\ufeff{}"]) {
    expect(refusalOf("ListQueues", body)).toMatch(/^SerializationException: /)
  }
  const invalid = readJsonInput("ListQueues", Uint8Array.from([0x22, 0xff, 0x22]))
  expect(invalid).toMatchObject({ ok: false, error: { name: "SerializationException" } })
  expect(refusalOf("SendMessage", '{"QueueUrl":"u","MessageBody":"b","DelaySeconds":1e999}')).toMatch(/^Serialization/)
  for (const body of ["[]", "1", '"x"', "true"])
    expect(refusalOf("ListQueues", body)).toMatch(/^SerializationException: /)
})

test("[X2] names that clients choose may be any", () => {
  const input = readJsonInput("TagQueue", encoder.encode('{"QueueUrl":"u","Tags":{"__proto__":"a","constructor":"b"}}'))
  expect(input.ok && Object.entries(input.value.Tags)).toEqual([
    ["__proto__", "a"],
    ["constructor", "b"],
  ])
})

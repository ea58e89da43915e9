import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ACTIONS, type ActionName } from "../../../src/protocol/sqs/actions.ts"
import { MAX_QUERY_PARAMETERS } from "../../../src/protocol/sqs/limits.ts"
import { FormNode, readForm } from "../../../src/protocol/sqs/query-form.ts"
import { readQueryInput } from "../../../src/protocol/sqs/query-input.ts"
import { formOf, valueOf } from "../../support/sqs-shapes.ts"

const NAMES = Object.keys(ACTIONS) as ActionName[]
const { requests } = JSON.parse(readFileSync("test/vectors/sqs-requests.json", "utf8")) as {
  requests: { action: ActionName; input: object; query: string }[]
}

function read(name: ActionName, ...texts: readonly string[]) {
  const form = new FormNode()
  for (const text of texts) {
    const added = readForm(text, form)
    if (!added.ok) return added
  }
  return readQueryInput(name, form)
}

/** The input as `form` says it; what it is refused with where it is. */
function plain(name: ActionName, ...form: readonly string[]): unknown {
  const input = read(name, ...form)
  return input.ok ? JSON.parse(JSON.stringify(input.value)) : `${input.error.name}: ${input.error.message}`
}

const missing = (parameter: string) => `MissingParameter: The request must contain the parameter ${parameter}.`

describe.each(NAMES)("%s", (name) => {
  test("[X3] takes every input that its shape has", () => {
    fc.assert(
      fc.property(valueOf(ACTIONS[name].input), fc.boolean(), (input, shuffled) => {
        const pairs = formOf(ACTIONS[name].input, input)
        const form = new URLSearchParams(shuffled ? pairs.toReversed() : pairs).toString()
        expect(plain(name, `Action=${name}&Version=2012-11-05&${form}`)).toEqual(JSON.parse(JSON.stringify(input)))
      }),
      { numRuns: 40 },
    )
  })

  test("[X3] names the parameter that is missing", () => {
    const [first] = Object.keys(ACTIONS[name].input.required)
    expect(plain(name, "")).toEqual(first === undefined ? {} : missing(first))
  })
})

test.each(requests)("[X3] reads $action as SDKs sent it until 2023", ({ action, input, query }) => {
  expect(plain(action, query)).toEqual(input)
})

test.each([
  ["GetQueueAttributes", "AttributeName=All", { AttributeNames: ["All"] }],
  ["SetQueueAttributes", "Attribute.Name=Policy&Attribute.Value=", { Attributes: { Policy: "" } }],
  ["AddPermission", "Label=l&AWSAccountId=1&ActionName=*", { Label: "l", AWSAccountIds: ["1"], Actions: ["*"] }],
  ["TagQueue", "Tag.Key=k&Tag.Value=v", { Tags: { k: "v" } }],
] as const)("[X3] %s takes what is alone without a place: %s", (name, form, input) => {
  expect(plain(name, `QueueUrl=u&${form}`)).toEqual({ QueueUrl: "u", ...input })
})

test("[X3] places count by their number and may be left out", () => {
  const form =
    "QueueUrl=u&AttributeName.10=d&AttributeName.2=b&AttributeName.999999999=e&AttributeName.3=c&AttributeName.0=a"
  expect(plain("GetQueueAttributes", form)).toEqual({ QueueUrl: "u", AttributeNames: ["a", "b", "c", "d", "e"] })
  expect(plain("GetQueueAttributes", "QueueUrl=u&AttributeName.member.1=a")).toEqual({
    QueueUrl: "u",
    AttributeNames: ["a"],
  })
})

test("[X3] a list or map of nothing is left out", () => {
  expect(plain("GetQueueAttributes", "QueueUrl=u&AttributeName=&AttributeNames=")).toEqual({ QueueUrl: "u" })
  expect(plain("TagQueue", "QueueUrl=u&Tag=")).toBe(missing("Tags"))
  expect(plain("SetQueueAttributes", "QueueUrl=u")).toBe(missing("Attributes"))
})

test("[X3] the body's parameters count more than the query's, and the later of two", () => {
  expect(plain("SendMessage", "QueueUrl=a&MessageBody=one&DelaySeconds=1", "QueueUrl=b&QueueUrl=c")).toEqual({
    QueueUrl: "c",
    MessageBody: "one",
    DelaySeconds: 1,
  })
})

test("[X3] what is missing inside is named with its place", () => {
  const entry = "SendMessageBatchRequestEntry"
  const first = `QueueUrl=u&${entry}.1.Id=a&${entry}.1.MessageBody=b`
  expect(plain("SendMessageBatch", `${first}&${entry}.3.Id=c`)).toBe(missing(`${entry}.3.MessageBody`))
  expect(plain("SendMessageBatch", `QueueUrl=u&${entry}.1=x`)).toBe(missing(`${entry}.1.Id`))
  expect(plain("TagQueue", "QueueUrl=u&Tag.1.Value=v")).toBe(missing("Tag.1.Key"))
  expect(plain("TagQueue", "QueueUrl=u&Tag.1.Key=k")).toBe(missing("Tag.1.Value"))
  const attribute = "MessageAttribute.2"
  expect(plain("SendMessage", `QueueUrl=u&MessageBody=b&${attribute}.Name=n&${attribute}.Value.StringValue=v`)).toBe(
    missing(`${attribute}.Value.DataType`),
  )
})

test.each(["", "x", "1.5", "1e3", "0x1", " 1", "2147483648", "-2147483649", "99999999999999999999", "NaN", "１"])(
  "[X3] %j is no integer",
  (text) => {
    const form = `QueueUrl=u&MessageBody=b&DelaySeconds=${encodeURIComponent(text)}`
    expect(plain("SendMessage", form)).toBe(`MalformedInput: DelaySeconds is not an integer: ${text}`)
  },
)

test.each([
  ["2147483647", 2_147_483_647],
  ["-2147483648", -2_147_483_648],
  ["-1", -1],
  ["+7", 7],
  ["-0", 0],
  ["007", 7],
])("[X3] %s is an integer", (text, value) => {
  const input = plain("SendMessage", `QueueUrl=u&MessageBody=b&DelaySeconds=${encodeURIComponent(text)}`)
  expect(input).toEqual({ QueueUrl: "u", MessageBody: "b", DelaySeconds: value })
})

test("[X3] what is percent-encoded is read, and what is so wrongly is refused", () => {
  expect(plain("SendMessage", "Queue%55rl=u&MessageBody=a+b%20c%2Bd%E2%82%AC=&&")).toEqual({
    QueueUrl: "u",
    MessageBody: "a b c+d€=",
  })
  for (const wrong of ["%", "%zz", "%E2%82", "%ff", "%C0%AF", "%ED%A0%80"]) {
    expect(plain("SendMessage", `QueueUrl=u&MessageBody=${wrong}`)).toMatch(/^MalformedInput: /)
    expect(plain("SendMessage", `QueueUrl=u&${wrong}=x`)).toMatch(/^MalformedInput: /)
  }
})

test.each([
  "AttributeName.x=1",
  "AttributeName.-1=x",
  "AttributeName.1.x=1&AttributeName.y=2",
  "AttributeName.1000000000=x",
  "AttributeName.=x",
  "AttributeName.__proto__=x",
])("[X3] %s has no place in a list", (form) => {
  expect(plain("GetQueueAttributes", `QueueUrl=u&${form}`)).toMatch(/^MalformedInput: /)
})

test("[X3] no form costs more than its length", () => {
  const many = "&a".repeat(MAX_QUERY_PARAMETERS)
  expect(plain("ListQueues", many)).toMatch(/^MalformedInput: /)
  expect(plain("ListQueues", many.slice(2))).toEqual({})
  const deep = `${"QueueUrl.".repeat(500_000)}=x`
  expect(plain("DeleteQueue", `${deep}&QueueUrl=u`)).toEqual({ QueueUrl: "u" })
})

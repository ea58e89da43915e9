import { describe, expect, it } from "vitest"
import { parsePolicy } from "../../../../src/protocol/sqs/policy.ts"

const STATEMENT = { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*" }

describe("what is a policy", () => {
  it.each([
    ["one statement", { Statement: STATEMENT }],
    ["several", { Version: "2012-10-17", Id: "mine", Statement: [STATEMENT, { ...STATEMENT, Sid: "b" }] }],
    ["principals of all kinds", of({ Principal: { AWS: ["1".repeat(12), "arn:aws:iam::1:root"], Service: "sns" } })],
    ["an action in any case, and patterns", of({ Action: ["SQS:*", "sqs:Send?essage", "*", "Sqs:GetQueueUrl"] })],
    ["what it is not about", { Statement: { Effect: "Deny", Principal: "*", NotAction: "SQS:*", NotResource: "*" } }],
    ["conditions", of({ Condition: { Bool: { "aws:SecureTransport": false }, NumericEquals: { a: [1, "2"] } } })],
  ])("[X40] %s", (_, policy) => {
    expect(parsePolicy(JSON.stringify(policy))).toMatchObject({ ok: true })
  })

  it.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["no statement", JSON.stringify({ Version: "2012-10-17" })],
    ["an empty list of them", JSON.stringify({ Statement: [] })],
    ["an unknown version", JSON.stringify({ Version: "2020-01-01", Statement: STATEMENT })],
    ["an id that is no text", JSON.stringify({ Id: 5, Statement: STATEMENT })],
    ["an unknown member", JSON.stringify({ Statement: STATEMENT, Other: 1 })],
    ["an unknown member of a statement", text({ Principle: "*" })],
    ["another effect", text({ Effect: "allow" })],
    ["a sid that is no text", text({ Sid: 5 })],
    ["the same sid twice", JSON.stringify({ Statement: [1, 2].map(() => ({ ...STATEMENT, Sid: "a" })) })],
    ["no principal", text({ Principal: undefined })],
    ["an empty principal", text({ Principal: {} })],
    ["a principal of no kind", text({ Principal: { Aws: "1" } })],
    ["a pattern for a principal", text({ Principal: { AWS: "arn:aws:iam::1:user/*" } })],
    ["who it is not about", text({ Principal: undefined, NotPrincipal: "*" })],
    ["no action", text({ Action: undefined })],
    ["both action and not", text({ NotAction: "sqs:*" })],
    ["another service's action", text({ Action: "sns:Publish" })],
    ["an empty list of actions", text({ Action: [] })],
    ["no resource", text({ Resource: undefined })],
    ["a condition without keys", text({ Condition: { Bool: "true" } })],
    ["a condition on an object", text({ Condition: { Bool: { a: {} } } })],
    ["too long a text", text({ Sid: "x".repeat(8192) })],
    ["too many bytes", text({ Sid: "é".repeat(4096) })],
  ])("[X40] not %s", (_, policy) => {
    expect(parsePolicy(policy)).toEqual({
      ok: false,
      error: { name: "InvalidAttributeValue", message: "Invalid value for the parameter Policy." },
    })
  })

  it.each([
    ["Statements", 20, { Statement: Array.from({ length: 21 }, () => STATEMENT) }],
    ["Actions", 7, of({ Action: Array.from({ length: 8 }, () => "sqs:SendMessage") })],
    ["Principals", 50, of({ Principal: { AWS: Array.from({ length: 51 }, (_, at) => String(at)) } })],
    [
      "Conditions",
      10,
      of({ Condition: { Null: Object.fromEntries(Array.from({ length: 11 }, (_, at) => [at, true])) } }),
    ],
  ])("[X40] %s: at most %i", (what, limit, policy) => {
    expect(parsePolicy(JSON.stringify(policy))).toEqual({
      ok: false,
      error: { name: "OverLimit", message: `${limit + 1} ${what} were found, maximum allowed is ${limit}.` },
    })
  })
})

function of(changed: object) {
  return { Version: "2012-10-17", Statement: { ...STATEMENT, ...changed } }
}

function text(changed: object): string {
  return JSON.stringify(of(changed))
}

import { describe, expect, it } from "vitest"
import { evaluate, type PolicyAnswer, type PolicyQuestion } from "../../../../src/protocol/sqs/policy-evaluation.ts"
import { parsePolicy } from "../../../../src/protocol/sqs/policy.ts"

const ACCOUNT = "111122223333"
const OTHER = "999999999999"
const ALL = { Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*" }

describe("who and what", () => {
  it.each([
    ["everyone", { Principal: "*" }, "allow"],
    ["everyone of AWS", { Principal: { AWS: "*" } }, "allow"],
    ["the account", { Principal: { AWS: ACCOUNT } }, "allow"],
    [
      "the account's ARN",
      { Principal: { AWS: [`arn:aws:iam::${OTHER}:root`, `arn:aws:iam::${ACCOUNT}:root`] } },
      "allow",
    ],
    ["the user", { Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/KEY` } }, "allow"],
    ["another user of the account", { Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/OTHER` } }, "none"],
    ["another account", { Principal: { AWS: OTHER } }, "none"],
    ["a service", { Principal: { Service: "sns.amazonaws.com" } }, "none"],
    ["the root of something else", { Principal: { AWS: `arn:aws:sts::${ACCOUNT}:root` } }, "none"],
  ] as const)("[X41] %s", (_, changed, answer) => {
    expect(ask({ ...ALL, ...changed })).toBe(answer)
  })

  it.each([
    ["the action", { Action: "SQS:SendMessage" }, "allow"],
    ["a pattern of it, in any case", { Action: "sqs:SEND*" }, "allow"],
    ["another action", { Action: "sqs:ReceiveMessage" }, "none"],
    ["all but another", { Action: undefined, NotAction: "sqs:ReceiveMessage" }, "allow"],
    ["all but this", { Action: undefined, NotAction: ["sqs:Send*", "sqs:PurgeQueue"] }, "none"],
    ["the queue", { Resource: `arn:aws:sqs:eu-west-3:${OTHER}:orders` }, "allow"],
    ["a pattern of its name", { Resource: "arn:aws:sqs:*:*:ord*" }, "allow"],
    ["a pattern of its ARN", { Resource: "*:orders" }, "allow"],
    ["another queue", { Resource: "arn:aws:sqs:us-east-1:111122223333:orders2" }, "none"],
    ["another service", { Resource: "arn:aws:sns:us-east-1:111122223333:orders" }, "none"],
    ["any queue but this", { Resource: undefined, NotResource: "arn:aws:sqs:*:*:orders" }, "none"],
    ["any queue but another", { Resource: undefined, NotResource: "arn:aws:sqs:*:*:bills" }, "allow"],
  ] as const)("[X42] %s", (_, changed, answer) => {
    expect(ask({ ...ALL, ...changed })).toBe(answer)
  })

  it("[X41] one that denies outweighs all that allow, in whatever order", () => {
    const deny = { ...ALL, Effect: "Deny", Action: "sqs:SendMessage" }
    expect([ask(ALL, deny), ask(deny, ALL), ask(deny)]).toEqual(["deny", "deny", "deny"])
    expect(ask(ALL, { ...deny, Principal: { AWS: OTHER } })).toBe("allow")
  })
})

describe("conditions", () => {
  const NO = "none"
  it.each([
    [{ StringEquals: { "aws:PrincipalAccount": ACCOUNT } }, "allow"],
    [{ StringEquals: { "AWS:principalaccount": [OTHER, ACCOUNT] } }, "allow"],
    [{ StringEquals: { "aws:PrincipalAccount": OTHER } }, NO],
    [{ StringNotEquals: { "aws:PrincipalAccount": OTHER } }, "allow"],
    [{ StringNotEquals: { "aws:PrincipalAccount": [OTHER, ACCOUNT] } }, NO],
    [{ StringEqualsIgnoreCase: { "test:Text": "HELLO" } }, "allow"],
    [{ StringEquals: { "test:Text": "HELLO" } }, NO],
    [{ StringNotEqualsIgnoreCase: { "test:Text": "HELLO" } }, NO],
    [{ StringLike: { "test:Text": "h?l*" } }, "allow"],
    [{ StringNotLike: { "test:Text": "h?l*" } }, NO],
    [{ ArnLike: { "aws:PrincipalArn": `arn:aws:iam::*:user/K*` } }, "allow"],
    [{ ArnEquals: { "aws:PrincipalArn": `arn:*:user/KEY` } }, NO],
    [{ ArnNotLike: { "aws:PrincipalArn": `arn:aws:iam::${OTHER}:*` } }, "allow"],
    [{ Bool: { "aws:SecureTransport": true } }, "allow"],
    [{ Bool: { "aws:SecureTransport": "false" } }, NO],
    [{ IpAddress: { "aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"] } }, "allow"],
    [{ NotIpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, NO],
    [{ NumericEquals: { "test:Number": "10" } }, "allow"],
    [{ NumericNotEquals: { "test:Number": 10 } }, NO],
    [{ NumericLessThan: { "test:Number": 10 } }, NO],
    [{ NumericLessThanEquals: { "test:Number": 10 } }, "allow"],
    [{ NumericGreaterThan: { "test:Number": 9.5 } }, "allow"],
    [{ NumericGreaterThanEquals: { "test:Number": 11 } }, NO],
    [{ NumericEquals: { "test:Text": 10 } }, NO],
    [{ DateLessThan: { "aws:CurrentTime": "2030-01-01T00:00:00Z" } }, "allow"],
    [{ DateGreaterThan: { "aws:CurrentTime": "2030-01-01T00:00:00Z" } }, NO],
    [{ DateEquals: { "aws:CurrentTime": "1767225600" } }, "allow"],
    [{ Null: { "test:Missing": "true" } }, "allow"],
    [{ Null: { "test:Text": "true" } }, NO],
    [{ Null: { "test:Text": "false" } }, "allow"],
    [{ Null: { "test:Text": "True" } }, NO],
    [{ StringEquals: { "test:Missing": "a" } }, NO],
    [{ StringNotEquals: { "test:Missing": "a" } }, "allow"],
    [{ StringEqualsIfExists: { "test:Missing": "a" } }, "allow"],
    [{ StringEqualsIfExists: { "test:Text": "a" } }, NO],
    [{ "ForAnyValue:StringEquals": { "test:Text": ["hello"] } }, "allow"],
    [{ "ForAnyValue:StringNotEquals": { "test:Missing": "a" } }, NO],
    [{ "ForAllValues:StringEquals": { "test:Missing": "a" } }, "allow"],
    [{ "ForAllValues:StringEquals": { "test:Text": "a" } }, NO],
    [{ StringEquals: { "test:Text": "hello" }, Bool: { "aws:SecureTransport": "false" } }, NO],
    [{ BinaryEquals: { "test:Text": "aGVsbG8=" } }, NO],
    [{ StringEquals: { "test:Text": "${aws:username}" } }, NO],
  ])("[X43] %j: %s", (Condition, answer) => {
    expect(ask({ ...ALL, Condition })).toBe(answer)
  })

  it.each([
    ["an operator that is not known", { BinaryEquals: { "test:Text": "aGVsbG8=" } }],
    ["a variable", { StringEquals: { "test:Text": "${aws:username}" } }],
    ["what is denied of a variable", { StringNotEquals: { "test:Text": "${aws:username}" } }],
    ["a range that is none", { IpAddress: { "aws:SourceIp": "somewhere" } }],
    ["outside a range that is none", { NotIpAddress: { "aws:SourceIp": "somewhere" } }],
    ["a number that is none", { NumericEquals: { "test:Text": 10 } }],
    ["whether there is a key that is neither", { Null: { "test:Text": "no" } }],
  ])("[X43] what can't be told allows nothing and denies: %s", (_, Condition) => {
    expect(ask({ ...ALL, Condition })).toBe("none")
    expect(ask(ALL, { ...ALL, Effect: "Deny", Condition })).toBe("deny")
  })

  it("[X43] an absent key lets neither an Allow nor a Deny apply", () => {
    const Condition = { StringEquals: { "test:Missing": "a" } }
    expect(ask(ALL, { ...ALL, Effect: "Deny", Condition })).toBe("allow")
  })

  it("[X43] older policies have no variables", () => {
    const statement = { ...ALL, Resource: "arn:aws:sqs:*:*:${name}" }
    expect(answerOf("2008-10-17", [statement], { queue: "${name}" })).toBe("allow")
    expect(answerOf("2012-10-17", [statement], { queue: "${name}" })).toBe("none")
  })
})

const CONTEXT: Readonly<Record<string, string>> = {
  "aws:principalaccount": ACCOUNT,
  "aws:principalarn": `arn:aws:iam::${ACCOUNT}:user/KEY`,
  "aws:securetransport": "true",
  "aws:sourceip": "203.0.113.9",
  "aws:currenttime": "2026-01-01T00:00:00Z",
  "test:text": "hello",
  "test:number": "10",
}

function ask(...statements: readonly object[]): PolicyAnswer {
  return answerOf("2012-10-17", statements, {})
}

function answerOf(version: string, statements: readonly object[], changed: Partial<PolicyQuestion>): PolicyAnswer {
  const policy = parsePolicy(JSON.stringify({ Version: version, Statement: statements }))
  if (!policy.ok) throw new Error(policy.error.message)
  return evaluate(policy.value, {
    action: "SendMessage",
    queue: "orders",
    queueArn: "arn:aws:sqs:us-east-1:000000000000:orders",
    accountId: ACCOUNT,
    principalArn: `arn:aws:iam::${ACCOUNT}:user/KEY`,
    context: (key) => CONTEXT[key],
    ...changed,
  })
}

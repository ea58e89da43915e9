import { describe, expect, it } from "vitest"
import { checkPermission, withoutPermission, withPermission } from "../../../../src/protocol/sqs/permissions.ts"
import { parsePolicy } from "../../../../src/protocol/sqs/policy.ts"

const ARN = "arn:aws:sqs:us-east-1:000000000000:orders"
const PERMISSION = { label: "partner", accountIds: ["111122223333"], actions: ["SendMessage"] }
const STATEMENT = {
  Sid: "partner",
  Effect: "Allow",
  Principal: { AWS: "arn:aws:iam::111122223333:root" },
  Action: "SQS:SendMessage",
  Resource: ARN,
}

describe("checkPermission", () => {
  it.each([
    [{ actions: ["*"] }],
    [{ actions: ["GetQueueUrl", "PurgeQueue", "ListDeadLetterSourceQueues"], label: "a_-9".repeat(20) }],
  ])("[X46] takes %j", (changed) => {
    expect(checkPermission({ ...PERMISSION, ...changed })).toMatchObject({ ok: true })
  })

  it.each([
    [{ label: "" }, "MissingParameter", "The request must contain the parameter Label."],
    [{ actions: [] }, "MissingParameter", "The request must contain the parameter ActionName."],
    [{ accountIds: [] }, "MissingParameter", "The request must contain the parameter AWSAccountIds."],
    [{ label: "a b" }, "InvalidParameterValue", /^Value a b for parameter Label is invalid\. Reason: /],
    [{ label: "a".repeat(81) }, "InvalidParameterValue", /for parameter Label is invalid/],
    [
      { actions: ["CreateQueue"] },
      "InvalidParameterValue",
      "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.",
    ],
    [
      { actions: ["SendMessage", "SendMessageBatch"] },
      "InvalidParameterValue",
      "Value SQS:SendMessageBatch for parameter ActionName is invalid. " +
        "Reason: Please refer to the appropriate WSDL for a list of valid actions.",
    ],
    [{ actions: ["toString"] }, "InvalidParameterValue", /Please refer to the appropriate WSDL/],
    [{ actions: Array(8).fill("SendMessage") }, "OverLimit", "8 Actions were found, maximum allowed is 7."],
    [
      { accountIds: ["111122223333", "me"] },
      "InvalidParameterValue",
      "Value [111122223333, me] for parameter PrincipalId is invalid. Reason: Unable to verify.",
    ],
  ])("[X46] refuses %j", (changed, name, message) => {
    const checked = checkPermission({ ...PERMISSION, ...(changed as object) })
    expect(checked).toMatchObject({ ok: false, error: { name } })
    if (!checked.ok) expect(checked.error.message).toMatch(message)
  })
})

describe("a policy and its permissions", () => {
  it("[X46] begins with the first one", () => {
    const policy = withPermission(undefined, ARN, PERMISSION)
    expect(policy.ok && JSON.parse(policy.value)).toEqual({
      Version: "2008-10-17",
      Id: `${ARN}/SQSDefaultPolicy`,
      Statement: [STATEMENT],
    })
  })

  it("[X46] keeps what is there, lists what is several, and is a policy", () => {
    const mine = { Version: "2012-10-17", Statement: { ...STATEMENT, Sid: "mine", Condition: { Null: { a: true } } } }
    const permission = { ...PERMISSION, accountIds: ["111122223333", "444455556666"], actions: ["GetQueueUrl", "*"] }
    const policy = withPermission(JSON.stringify(mine), ARN, permission)
    expect(policy.ok && parsePolicy(policy.value).ok).toBe(true)
    expect(policy.ok && JSON.parse(policy.value)).toEqual({
      Version: "2012-10-17",
      Statement: [
        mine.Statement,
        {
          ...STATEMENT,
          Principal: { AWS: ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"] },
          Action: ["SQS:GetQueueUrl", "SQS:*"],
        },
      ],
    })
  })

  it("[X46] takes the same one again, and under its label no other", () => {
    const policy = textOf(withPermission(undefined, ARN, PERMISSION))
    expect(withPermission(policy, ARN, PERMISSION)).toEqual({ ok: true, value: policy })
    expect(withPermission(policy, ARN, { ...PERMISSION, actions: ["ReceiveMessage"] })).toEqual({
      ok: false,
      error: {
        name: "InvalidParameterValue",
        message: "Value partner for parameter Label is invalid. Reason: Already exists.",
      },
    })
  })

  it("[X46] holds twenty of them", () => {
    let policy: string | undefined
    for (let at = 1; at <= 20; at++)
      policy = textOf(withPermission(policy, ARN, { ...PERMISSION, label: `label${at}` }))
    expect(withPermission(policy, ARN, { ...PERMISSION, label: "label21" })).toMatchObject({
      ok: false,
      error: { name: "OverLimit", message: "21 Statements were found, maximum allowed is 20." },
    })
  })

  it("[X47] ends with the last one", () => {
    const one = textOf(withPermission(undefined, ARN, PERMISSION))
    const two = textOf(withPermission(one, ARN, { ...PERMISSION, label: "second" }))
    expect(withoutPermission(two, "second")).toEqual({ ok: true, value: one })
    expect(withoutPermission(one, "partner")).toEqual({ ok: true, value: null })
    expect(withoutPermission(JSON.stringify({ Statement: STATEMENT }), "partner")).toEqual({ ok: true, value: null })
  })

  it.each([undefined, JSON.stringify({ Statement: STATEMENT })])("[X47] finds no other label in %s", (policy) => {
    expect(withoutPermission(policy, "other")).toEqual({
      ok: false,
      error: {
        name: "InvalidParameterValue",
        message: "Value other for parameter Label is invalid. Reason: can't find label.",
      },
    })
    expect(withoutPermission(policy, "")).toMatchObject({ ok: false, error: { name: "MissingParameter" } })
  })

  it("[X46] does not touch what is no policy", () => {
    const refused = { ok: false, error: { name: "InvalidAttributeValue" } }
    expect(withPermission("{", ARN, PERMISSION)).toMatchObject(refused)
    expect(withoutPermission("[]", "partner")).toMatchObject(refused)
  })
})

function textOf(policy: ReturnType<typeof withPermission>): string {
  if (!policy.ok) throw new Error(policy.error.message)
  return policy.value
}

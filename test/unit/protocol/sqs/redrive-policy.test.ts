import { describe, expect, it } from "vitest"
import {
  formatRedrivePolicy,
  mayRedriveFrom,
  parseRedriveAllowPolicy,
  parseRedrivePolicy,
  redriveRefusal,
} from "../../../../src/protocol/sqs/redrive-policy.ts"

const ARN = "arn:aws:sqs:us-east-1:000000000000:dead"

describe("RedrivePolicy", () => {
  it.each([1, 1000, "1", "42"])("[X48] takes maxReceiveCount %j", (maxReceiveCount) => {
    const text = JSON.stringify({ deadLetterTargetArn: ARN, maxReceiveCount })
    expect(parseRedrivePolicy(text)).toEqual({
      ok: true,
      value: { deadLetterQueue: "dead", maxDeliveries: Number(maxReceiveCount) },
    })
  })

  it.each([
    ["{", "Redrive policy is not a valid JSON map."],
    ["[]", "Redrive policy is not a valid JSON map."],
    ["{}", "Redrive policy does not contain mandatory attribute: maxReceiveCount."],
    [`{"deadLetterTargetArn":"${ARN}"}`, "Redrive policy does not contain mandatory attribute: maxReceiveCount."],
    ['{"maxReceiveCount":5}', "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."],
    ['{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}', "Invalid value for deadLetterTargetArn."],
    [
      '{"deadLetterTargetArn":"arn:aws:sns:us-east-1:000000000000:t","maxReceiveCount":5}',
      "Only SQS queues are valid resources for deadLetterTargetArn.",
    ],
    ['{"deadLetterTargetArn":7,"maxReceiveCount":5}', "Invalid value for deadLetterTargetArn."],
    [
      `{"deadLetterTargetArn":"${ARN}","maxReceiveCount":5,"dummyField":"x"}`,
      "Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].",
    ],
    ...[-36, 0, 1001, 1.5, "x", "", "1e2", true].map((count): [string, string] => [
      JSON.stringify({ deadLetterTargetArn: ARN, maxReceiveCount: count }),
      `Invalid value for maxReceiveCount: ${count}, valid values are from 1 to 1000 both inclusive.`,
    ]),
  ])("[X48] refuses %s", (text, reason) => {
    expect(parseRedrivePolicy(text)).toEqual({
      ok: false,
      error: {
        name: "InvalidParameterValue",
        message: `Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`,
      },
    })
  })

  it("[X48] is read as it is written", () => {
    const text = formatRedrivePolicy({ deadLetterQueue: "dead", maxDeliveries: 7 }, () => ARN)
    expect(text).toBe(`{"deadLetterTargetArn":"${ARN}","maxReceiveCount":7}`)
    expect(parseRedrivePolicy(text)).toEqual({ ok: true, value: { deadLetterQueue: "dead", maxDeliveries: 7 } })
  })

  it.each([
    ["missing", null, "Dead letter target does not exist."],
    ["of the other type", { isFifo: true }, "Dead-letter queue must be same type of queue as the source.."],
    ["the source itself", { name: "orders" }, "Dead-letter queue can't be the source queue itself."],
    [
      "closed to it",
      { allowPolicy: '{"redrivePermission":"denyAll"}' },
      "Queue dead does not allow orders to redrive to it.",
    ],
    ["good", {}, null],
  ])("[X48] a target that is %s", (_, changed, reason) => {
    const target = changed && { name: "dead", isFifo: false, allowPolicy: undefined, ...changed }
    const message = `Value {} for parameter RedrivePolicy is invalid. Reason: ${reason}`
    expect(redriveRefusal("{}", { name: "orders", isFifo: false }, target)).toEqual(
      reason === null ? null : { name: "InvalidParameterValue", message },
    )
  })
})

describe("RedriveAllowPolicy", () => {
  const sources = (count: number) => Array.from({ length: count }, (_, at) => `arn:aws:sqs:us-east-1:1:x${at}`)

  it.each([
    ["allowAll", undefined, true, true],
    ["denyAll", undefined, false, false],
    ["byQueue", ["arn:aws:sqs:eu-west-3:123456789012:orders"], true, false],
    ["byQueue", sources(10), false, false],
    ["allowAll", [], true, true],
  ])("[X49] %s %j", (redrivePermission, sourceQueueArns, orders, bills) => {
    const text = JSON.stringify({ redrivePermission, sourceQueueArns })
    expect(parseRedriveAllowPolicy(text)).toMatchObject({ ok: true })
    expect([mayRedriveFrom(text, "orders"), mayRedriveFrom(text, "bills")]).toEqual([orders, bills])
  })

  it("[X49] without one every queue may", () => {
    expect(mayRedriveFrom(undefined, "orders")).toBe(true)
    expect(mayRedriveFrom("no policy", "orders")).toBe(false)
  })

  it.each([
    ["444"],
    ["[]"],
    ["badjson"],
    ["{}"],
    ['{"redrivePermission":"dummy"}'],
    ['{"redrivePermission":"allowAll","dummy":"value"}'],
    ['{"redrivePermission":"byQueue","sourceQueueArns":"arn:aws:sqs"}'],
    ['{"redrivePermission":"byQueue","sourceQueueArns":[{}]}'],
    ['{"redrivePermission":"byQueue","sourceQueueArns":["orders"]}'],
  ])("[X49] refuses %s", (text) => {
    expect(parseRedriveAllowPolicy(text)).toEqual({
      ok: false,
      error: {
        name: "InvalidAttributeValue",
        message:
          "Invalid value for the parameter RedriveAllowPolicy. " +
          "Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.",
      },
    })
  })

  it.each([
    ["byQueue", undefined, "When you specify the byQueue permission type, you must also specify one or more"],
    ["byQueue", [], "When you specify the byQueue permission type, you must also specify one or more"],
    ["byQueue", sources(11), "The maximum number of source queue ARNs you can specify is 10."],
    ["allowAll", sources(1), "To specify one or more source queue ARNs, you must set redrivePermission to byQueue."],
    ["denyAll", sources(1), "To specify one or more source queue ARNs, you must set redrivePermission to byQueue."],
  ])("[X49] refuses %s with %j", (redrivePermission, sourceQueueArns, reason) => {
    const text = JSON.stringify({ redrivePermission, sourceQueueArns })
    const refused = parseRedriveAllowPolicy(text)
    expect(refused).toMatchObject({ ok: false, error: { name: "InvalidParameterValue" } })
    const message = `Value ${text} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive allow policy. ${reason}`
    expect(refused.ok ? "" : refused.error.message).toContain(message)
  })
})

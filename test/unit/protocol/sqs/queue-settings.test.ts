import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings, withPatch } from "../../../../src/core/queue/settings.ts"
import { queueArn } from "../../../../src/protocol/aws/arn.ts"
import { annotationOf } from "../../../../src/protocol/sqs/annotations.ts"
import { checkNewAttributes, type GivenAttributes } from "../../../../src/protocol/sqs/queue-attributes.ts"
import { queueDefaults } from "../../../../src/protocol/sqs/queue-defaults.ts"
import {
  currentAttributes,
  differentAttribute,
  queueAttributes,
} from "../../../../src/protocol/sqs/queue-description.ts"
import { newQueuePatch, queuePatch } from "../../../../src/protocol/sqs/queue-patch.ts"

const arnOf = (name: string): string => queueArn("eu-west-1", "000000000000", name)

function checked(attributes: Record<string, string>): GivenAttributes {
  const result = checkNewAttributes(attributes)
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

function made(attributes: Record<string, string>): QueueSettings {
  return withPatch(DEFAULT_QUEUE_SETTINGS, newQueuePatch(checked(attributes)))
}

const text = (least: number, greatest: number) => fc.integer({ min: least, max: greatest }).map(String)
const either = (...values: string[]) => fc.constantFrom(...values)

const attributes = fc.record(
  {
    VisibilityTimeout: text(0, 43_200),
    MaximumMessageSize: text(1024, 1_048_576),
    MessageRetentionPeriod: text(60, 1_209_600),
    DelaySeconds: text(0, 900),
    ReceiveMessageWaitTimeSeconds: text(0, 20),
    RedriveAllowPolicy: either('{"redrivePermission":"allowAll"}', '{"redrivePermission" : "denyAll"}'),
    RedrivePolicy: text(1, 1000).map(
      (count) => `{"maxReceiveCount":"${count}","deadLetterTargetArn":"${arnOf("dead")}"}`,
    ),
    KmsMasterKeyId: fc.string({ minLength: 1, maxLength: 20 }),
    KmsDataKeyReusePeriodSeconds: text(60, 86_400),
    FifoQueue: fc.constant("true"),
  },
  { requiredKeys: [] },
)
const fifoOnly = fc.record(
  {
    ContentBasedDeduplication: either("true", "false"),
    DeduplicationScope: either("queue", "messageGroup"),
    FifoThroughputLimit: either("perQueue", "perMessageGroupId"),
  },
  { requiredKeys: [] },
)
const anyAttributes = fc
  .tuple(attributes, fifoOnly)
  .map(([common, fifo]): Record<string, string> => (common.FifoQueue ? { ...common, ...fifo } : common))

describe("settings of a queue", () => {
  it("[X21] show every attribute as it was given, and what a redrive policy means", () => {
    fc.assert(
      fc.property(anyAttributes, (asked) => {
        const shown = currentAttributes(made(asked), arnOf)
        for (const [name, value] of Object.entries(asked)) {
          if (name === "RedrivePolicy") {
            const { maxReceiveCount } = JSON.parse(value) as { maxReceiveCount: string }
            const meant = { deadLetterTargetArn: arnOf("dead"), maxReceiveCount: Number(maxReceiveCount) }
            expect(JSON.parse(shown.get(name)!)).toEqual(meant)
          } else expect(shown.get(name as never)).toBe(value)
        }
      }),
    )
  })

  it("[X22] are the same for attributes that mean the same", () => {
    fc.assert(
      fc.property(anyAttributes, (asked) => {
        const settings = made(asked)
        expect(differentAttribute(checked(asked), settings, arnOf)).toBeNull()
        const type = asked["FifoQueue"] === undefined ? {} : { FifoQueue: "true" }
        expect(differentAttribute(checked(type), settings, arnOf)).toBeNull()
        const empty = { Policy: "", ...type }
        expect(differentAttribute(checked(empty), settings, arnOf)).toBeNull()
      }),
    )
  })

  it("[X22] differ in the first attribute that is another", () => {
    const settings = made({ DelaySeconds: "1", RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' })
    const different = (asked: Record<string, string>) => differentAttribute(checked(asked), settings, arnOf)
    expect(different({ VisibilityTimeout: "30", DelaySeconds: "2", MaximumMessageSize: "1024" })).toBe("DelaySeconds")
    expect(different({ RedriveAllowPolicy: '{ "redrivePermission": "denyAll" }' })).toBeNull()
    expect(different({ RedriveAllowPolicy: "" })).toBe("RedriveAllowPolicy")
    expect(different({ KmsMasterKeyId: "key" })).toBe("KmsMasterKeyId")
    expect(different({ KmsDataKeyReusePeriodSeconds: "300", SqsManagedSseEnabled: "true" })).toBeNull()
    expect(different({ FifoQueue: "true" })).toBe("FifoQueue")
    const annotatedByOthers = withPatch(settings, { annotations: { [annotationOf("Policy")]: "{no json" } })
    expect(differentAttribute(checked({ Policy: "" }), annotatedByOthers, arnOf)).toBe("Policy")
  })

  it("[X26] a delay of a standard queue is one of its messages', of a fifo queue the broker's", () => {
    const standard = made({ DelaySeconds: "7" })
    expect([standard.delayMs, queueDefaults(standard).messageDelaySeconds]).toEqual([0, 7])
    const fifo = made({ FifoQueue: "true", DelaySeconds: "7" })
    expect([fifo.delayMs, queueDefaults(fifo).messageDelaySeconds]).toEqual([7000, null])
    const native = withPatch(DEFAULT_QUEUE_SETTINGS, { delayMs: 9_999 })
    expect([queueDefaults(native).messageDelaySeconds, currentAttributes(native, arnOf).get("DelaySeconds")]).toEqual([
      null,
      "9",
    ])
    const changed = withPatch(native, queuePatch(checked({ DelaySeconds: "0" }), "standard"))
    expect([changed.delayMs, queueDefaults(changed).messageDelaySeconds]).toEqual([0, 0])
  })

  it("[X26] without its redrive policy a queue is what it was before", () => {
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf("dead"), maxReceiveCount: 3 })
    const queue = made({ RedrivePolicy })
    expect(queue).toMatchObject({ deadLetterQueue: "dead", maxDeliveries: 3 })
    expect(withPatch(queue, queuePatch(checked({ RedrivePolicy: "" }), "standard"))).toEqual(made({}))
  })

  it("[X21] what holds where nothing is said, also where an annotation is no attribute's value", () => {
    const said = made({ ReceiveMessageWaitTimeSeconds: "20", MaximumMessageSize: "1024" })
    expect([queueDefaults(said).receiveWaitSeconds, queueDefaults(said).maximumMessageSizeBytes]).toEqual([20, 1024])
    for (const value of ["", "x", "-1", "1e9", "1000000000", "99999999999999999999"]) {
      const names = ["ReceiveMessageWaitTimeSeconds", "MaximumMessageSize", "DelaySeconds"]
      const annotations = Object.fromEntries(names.map((name) => [annotationOf(name), value]))
      const settings = withPatch(DEFAULT_QUEUE_SETTINGS, { annotations })
      expect(queueDefaults(settings).receiveWaitSeconds).toBe(0)
      expect(queueDefaults(settings).maximumMessageSizeBytes).toBe(1_048_576)
      expect(queueDefaults(settings).messageDelaySeconds).toBeNull()
    }
  })

  it("[X25] dead letters that no number of receives makes are no redrive policy", () => {
    const settings = withPatch(DEFAULT_QUEUE_SETTINGS, { deadLetterQueue: "dead", onExpiry: "dead-letter" })
    const queue = { name: "queue", settings, createdAt: 1_999, updatedAt: 3_000 }
    const shown = queueAttributes(queue, arnOf)
    expect(shown["RedrivePolicy"]).toBeUndefined()
    expect(shown).toMatchObject({
      QueueArn: "arn:aws:sqs:eu-west-1:000000000000:queue",
      CreatedTimestamp: "1",
      LastModifiedTimestamp: "3",
    })
  })
})

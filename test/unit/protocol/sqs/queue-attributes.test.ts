import { describe, expect, it } from "vitest"
import {
  checkChangedAttributes,
  checkNewAttributes,
  isAttribute,
} from "../../../../src/protocol/sqs/queue-attributes.ts"

function given(attributes: Record<string, string>, isFifo = false): unknown {
  const checked = checkChangedAttributes(attributes, isFifo)
  return checked.ok ? Object.fromEntries(checked.value) : checked.error
}

const RANGES: readonly [string, number, number][] = [
  ["VisibilityTimeout", 0, 43_200],
  ["MaximumMessageSize", 1024, 1_048_576],
  ["MessageRetentionPeriod", 60, 1_209_600],
  ["DelaySeconds", 0, 900],
  ["ReceiveMessageWaitTimeSeconds", 0, 20],
  ["KmsDataKeyReusePeriodSeconds", 60, 86_400],
]

describe("values", () => {
  it.each(RANGES)("[X21] %s is a number from %i to %i", (name, least, greatest) => {
    for (const value of [least, greatest]) expect(given({ [name]: String(value) })).toEqual({ [name]: String(value) })
    const invalid = { name: "InvalidAttributeValue", message: `Invalid value for the parameter ${name}.` }
    const others = [String(least - 1), String(greatest + 1), "", " ", "x", `${least}.5`, "1e3", "-0", "9".repeat(20)]
    for (const value of others) expect(given({ [name]: value })).toEqual(invalid)
    expect(given({ [name]: `00${least}` })).toEqual({ [name]: String(least) })
  })

  it.each([
    ["ContentBasedDeduplication", ["true", "false"]],
    ["DeduplicationScope", ["queue", "messageGroup"]],
    ["FifoThroughputLimit", ["perQueue", "perMessageGroupId"]],
    ["SqsManagedSseEnabled", ["true", "false"]],
  ])("[X21] %s is one of %j", (name, values) => {
    for (const value of values) expect(given({ [name]: value }, true)).toEqual({ [name]: value })
    for (const value of ["", "Queue", "PERQUEUE", "other"]) {
      expect(given({ [name]: value }, true)).toMatchObject({ name: "InvalidAttributeValue" })
    }
  })

  it("[X21] that are true or false are so in any case", () => {
    const asked = { FifoQueue: "True", ContentBasedDeduplication: "False", SqsManagedSseEnabled: "TRUE" }
    const kept = { FifoQueue: "true", ContentBasedDeduplication: "false", SqsManagedSseEnabled: "true" }
    expect(given(asked, true)).toEqual(kept)
    const created = checkNewAttributes(asked)
    expect(created.ok && Object.fromEntries(created.value)).toEqual(kept)
    expect(checkNewAttributes({ FifoQueue: "False" }).ok).toBe(false)
  })

  it("[X21] of policies are read by their own rules", () => {
    expect(given({ Policy: "x" })).toMatchObject({ message: "Invalid value for the parameter Policy." })
    expect(given({ RedrivePolicy: "x" })).toMatchObject({ name: "InvalidParameterValue" })
    expect(given({ RedriveAllowPolicy: "x" })).toMatchObject({ name: "InvalidAttributeValue" })
    expect(given({ KmsMasterKeyId: "x".repeat(2049) })).toMatchObject({ name: "InvalidAttributeValue" })
  })

  it("[X26] an empty text takes what may be missing away, and is no number", () => {
    for (const name of ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"]) {
      expect(given({ [name]: "" })).toEqual({ [name]: "" })
    }
    expect(given({})).toEqual({
      name: "MissingParameter",
      message: "The request must contain the parameter Attribute.Name.",
    })
  })
})

describe("names", () => {
  it.each(["QueueArn", "CreatedTimestamp", "ApproximateNumberOfMessages", "All", "toString", "visibilityTimeout", ""])(
    "[X27] %j can't be set",
    (name) => {
      const unknown = { name: "InvalidAttributeName", message: `Unknown Attribute ${name}.` }
      for (const isFifo of [false, true]) expect(given({ [name]: "1" }, isFifo)).toEqual(unknown)
      expect(checkNewAttributes({ [name]: "1" })).toEqual({ ok: false, error: unknown })
    },
  )

  it.each([
    ["FifoQueue", "true", "Unknown Attribute FifoQueue."],
    ["FifoQueue", "maybe", "Unknown Attribute FifoQueue."],
    ["ContentBasedDeduplication", "true", "Unknown Attribute ContentBasedDeduplication."],
    ["DeduplicationScope", "queue", "You can specify the DeduplicationScope only when FifoQueue is set to true."],
    ["FifoThroughputLimit", "perQueue", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."],
  ])("[X27] %s=%s is refused of a standard queue", (name, value, message) => {
    expect(given({ [name]: value })).toEqual({ name: "InvalidAttributeName", message })
  })

  it("[X27] that a queue is no fifo queue is said by leaving it out", () => {
    expect(checkNewAttributes({ FifoQueue: "false" })).toEqual({
      ok: false,
      error: { name: "InvalidAttributeName", message: "Unknown Attribute FifoQueue." },
    })
    expect(checkNewAttributes({ FifoQueue: "true" }).ok).toBe(true)
  })

  it("[X25] are known by the type of the queue", () => {
    for (const name of ["QueueArn", "Policy", "DelaySeconds"]) {
      expect([isAttribute(name, false), isAttribute(name, true)]).toEqual([true, true])
    }
    expect([isAttribute("FifoQueue", false), isAttribute("FifoQueue", true)]).toEqual([false, true])
    for (const name of ["All", "constructor", ""]) expect(isAttribute(name, true)).toBe(false)
  })
})

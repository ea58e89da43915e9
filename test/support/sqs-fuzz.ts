import fc from "fast-check"
import type { Members, Shape } from "../../src/protocol/sqs/shapes.ts"
import type { WildRequest } from "./http-fuzz.ts"
import { formOf } from "./sqs-shapes.ts"

/** What the broker holds of which requests may speak. */
export interface FuzzedBroker {
  readonly queueUrls: readonly string[]
  readonly arns: readonly string[]
  readonly handles: readonly string[]
}

const encoder = new TextEncoder()
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.base64String({ maxLength: 24 }),
  fc.constantFrom("", "All", ".*", "__proto__", "a.fifo", "x".repeat(300), "\0", "\ud800", "AWS.x", "1", "-1", "true"),
)
const number = fc.oneof(
  fc.constantFrom(0, -1, 1, 10, 11, 30, 43_200, 43_201, 900, 901, 2 ** 31, 2 ** 53, 1e308, 0.5),
  fc.integer(),
)
const junk = fc.oneof(number, text, fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(null, true, [], {}, [[]], { a: {} }))
/** Nothing that is waited for. */
const wait = fc.constantFrom(0, 0, 0, 0, 0, -1, 21, 2 ** 31)
const seconds = fc.oneof(fc.constantFrom("0", "30", "60", "900", "43200", "-1", "1e3", "x", ""), text)
const flag = fc.constantFrom("true", "false", "True", "")

/** The attributes of queues with what they may be set to. */
function queueAttributes(arn: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const redrive = fc.record({ deadLetterTargetArn: arn, maxReceiveCount: fc.oneof(number, text) }, { requiredKeys: [] })
  const allow = fc.record(
    { redrivePermission: fc.constantFrom("allowAll", "denyAll", "byQueue", "x"), sourceQueueArns: fc.array(arn) },
    { requiredKeys: [] },
  )
  const principal = fc.oneof(text, fc.record({ AWS: fc.oneof(text, fc.array(text, { maxLength: 2 })) }))
  const statement = fc.record(
    {
      Sid: text,
      Effect: fc.constantFrom("Allow", "Deny", "x"),
      Principal: principal,
      Action: fc.constantFrom("SQS:*", "sqs:SendMessage", "x"),
      Resource: arn,
      Condition: fc.oneof(junk, fc.constant({ StringEquals: { "aws:SourceArn": "x" } })),
    },
    { requiredKeys: [] },
  )
  const policy = fc.record({
    Version: fc.constantFrom("2012-10-17", "x"),
    Statement: fc.array(statement, { maxLength: 2 }),
  })
  const json = (value: fc.Arbitrary<unknown>) => fc.oneof(value, junk).map((document) => JSON.stringify(document))
  const known: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    FifoQueue: flag,
    ContentBasedDeduplication: flag,
    DeduplicationScope: fc.constantFrom("queue", "messageGroup", "x"),
    FifoThroughputLimit: fc.constantFrom("perQueue", "perMessageGroupId", "x"),
    VisibilityTimeout: seconds,
    MessageRetentionPeriod: seconds,
    DelaySeconds: seconds,
    MaximumMessageSize: seconds,
    ReceiveMessageWaitTimeSeconds: fc.constantFrom("0", "-1", "21", "x"),
    KmsMasterKeyId: text,
    KmsDataKeyReusePeriodSeconds: seconds,
    SqsManagedSseEnabled: flag,
    RedrivePolicy: json(redrive),
    RedriveAllowPolicy: json(allow),
    Policy: json(policy),
  }
  const one = fc.oneof(...Object.entries(known).map(([name, value]) => value.map((set) => ({ [name]: set }))))
  const other = fc.dictionary(text, text, { minKeys: 1, maxKeys: 1 })
  const some = fc.oneof({ weight: 9, arbitrary: one }, other)
  return fc
    .array(some, { minLength: 1, maxLength: 3, size: "small" })
    .map((sets) => Object.assign({}, ...sets) as object)
}

/** Members whose values are worth getting nearly right. */
function knownMembers({ queueUrls, arns, handles }: FuzzedBroker): Readonly<Record<string, fc.Arbitrary<unknown>>> {
  const arn = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...arns) }, text)
  return {
    QueueUrl: fc.oneof({ weight: 24, arbitrary: fc.constantFrom(...queueUrls) }, text),
    QueueName: fc.oneof(fc.constantFrom("made", "made.fifo", "kept", "none", "_x"), text),
    ReceiptHandle: fc.oneof({ weight: 9, arbitrary: fc.nat(99).map((at) => handles[at] ?? "x") }, text),
    SourceArn: arn,
    DestinationArn: arn,
    WaitTimeSeconds: wait,
    MessageBody: fc.oneof({ weight: 3, arbitrary: fc.string({ unit: "grapheme", minLength: 1 }) }, text),
    MessageGroupId: fc.oneof({ weight: 3, arbitrary: fc.constantFrom("g", "h") }, text),
    MaxNumberOfMessages: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 10 }) }, number),
    MaxResults: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 10 }) }, number),
    VisibilityTimeout: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 43_200 }) }, number),
    DelaySeconds: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(0, 1, 900) }, number),
    MessageDeduplicationId: fc.oneof({ weight: 3, arbitrary: fc.constantFrom("d", "e") }, text),
    Label: fc.oneof(fc.constantFrom("one", "two"), text),
    AWSAccountId: fc.oneof({ weight: 3, arbitrary: fc.constantFrom("111122223333", "000000000000") }, text),
    Id: fc.oneof({ weight: 4, arbitrary: fc.constantFrom("a", "b", "c", "d") }, text),
    DataType: fc.constantFrom("String", "Number", "Binary", "String.x", "Number.", "Foo", ""),
    AttributeName: fc.oneof({ weight: 9, arbitrary: fc.constantFrom("All", "Policy", "QueueArn", "SenderId") }, text),
    ActionName: fc.constantFrom("*", "SendMessage", "ReceiveMessage", "CreateQueue", "x"),
    Attribute: queueAttributes(arn),
  }
}

/** Values of `shape`: mostly as they should be, and here and there something else. */
export function wildInput(shape: Shape, broker: FuzzedBroker, spoiled: boolean): fc.Arbitrary<unknown> {
  const known = knownMembers(broker)
  const wild = (of: Shape, name: string): fc.Arbitrary<unknown> => {
    const called = of.type === "map" ? of.element : name
    const right = (of.type === "list" ? undefined : known[called]) ?? wildOf(of, wild)
    if (!spoiled || name === "WaitTimeSeconds" || name === "") return right
    return fc.oneof({ weight: 29, arbitrary: right }, { weight: 1, arbitrary: junk })
  }
  return wild(shape, "")
}

function wildOf(shape: Shape, wild: (of: Shape, name: string) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  switch (shape.type) {
    case "string":
    case "blob":
      return text
    case "boolean":
      return fc.boolean()
    case "integer":
      return number
    case "list":
      return fc.array(wild(shape.item, shape.element), {
        maxLength: 11,
        size: shape.element.endsWith("Entry") ? "small" : "xsmall",
      })
    case "map":
      return fc.dictionary(text, wild(shape.of, shape.value), { maxKeys: 11, size: "xsmall" })
    case "structure": {
      const members = (of: Members) =>
        Object.fromEntries(Object.entries(of).map(([name, member]) => [name, wild(member, name)]))
      const whole = fc.record(
        { ...members(shape.required), ...members(shape.optional) },
        {
          requiredKeys: Object.keys(shape.required),
        },
      )
      const part = fc.record({ ...members(shape.required), ...members(shape.optional) }, { requiredKeys: [] })
      return fc.oneof({ weight: 14, arbitrary: whole }, { weight: 1, arbitrary: part })
    }
  }
}

/** Bytes as they are, and sometimes damaged: some cut out and others put in. */
function damaged(right: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  const bytes = right.map((whole) => encoder.encode(whole))
  const broken = fc.tuple(bytes, fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 3 })).map(([whole, at, cut, put]) => {
    const place = whole.length === 0 ? 0 : at % whole.length
    return Uint8Array.from([...whole.subarray(0, place), ...put, ...whole.subarray(place + cut)])
  })
  return fc.oneof({ weight: 7, arbitrary: bytes }, { weight: 1, arbitrary: broken })
}

const path = fc.oneof(
  { weight: 6, arbitrary: fc.constant("/") },
  fc.constantFrom("/000000000000/kept", "/999999999999/none", "/000000000000/%ff", "/000000000000/kept.fifo?x=%"),
)

/** A request of the JSON protocol. */
export function wildJson(action: string, input: fc.Arbitrary<unknown>): fc.Arbitrary<WildRequest> {
  return fc.record({
    method: fc.constant("POST"),
    path,
    headers: fc.record({
      "x-amz-target": fc.constant(`AmazonSQS.${action}`),
      "content-type": fc.constantFrom("application/x-amz-json-1.0", "text/plain", "application/x-www-form-urlencoded"),
    }),
    body: damaged(input.map((value) => JSON.stringify(value))),
  })
}

/** A request of the query protocol: in a form, in the URL, or in both. */
export function wildQuery(action: string, shape: Shape, input: fc.Arbitrary<unknown>): fc.Arbitrary<WildRequest> {
  const name = fc.oneof(
    text,
    fc.constantFrom("Attribute.1", "AttributeName.0", "Tag.x.Key", "QueueUrl", "Entries.1.Id"),
  )
  const tweaks = fc.array(fc.tuple(fc.nat(), name, text), { maxLength: 2, size: "small" })
  const pairs = fc.tuple(input, tweaks).map(([value, changes]) => {
    const form: [string, string][] = [["Action", action], ...formOf(shape, value)]
    for (const [at, other, put] of changes) form.splice(1 + (at % form.length), at % 2, [other, put])
    return form
  })
  const form = damaged(pairs.map((list) => encoded(list)))
  const posted = fc.record({
    method: fc.constant("POST"),
    path: fc.oneof(path, fc.constant(`/?Action=${action}`)),
    headers: fc.constant({ "content-type": "application/x-www-form-urlencoded" }),
    body: form,
  })
  const got = pairs.map((list) => ({
    method: "GET",
    path: `/?${encoded(list)}`,
    headers: {},
    body: new Uint8Array(),
  }))
  return fc.oneof({ weight: 3, arbitrary: posted }, { weight: 1, arbitrary: got })
}

/** A lone surrogate has no encoding. */
function encoded(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`)
    .join("&")
}

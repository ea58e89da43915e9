import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { ACTIONS, type ActionName } from "../../src/protocol/sqs/actions.ts"
import { upTo } from "../support/http.ts"
import { sendWild, type WildRequest } from "../support/http-fuzz.ts"
import { type FuzzedBroker, wildInput, wildJson, wildQuery } from "../support/sqs-fuzz.ts"
import { SqsScene } from "../support/sqs-scene.ts"
import { findXml, parseXml } from "../support/xml.ts"

const scene = new SqsScene({ env: { MILLRACE_SQS_WAITS: "off" } })
const NAMES = Object.keys(ACTIONS) as ActionName[]
const RUNS = 50
const SEED = 20_121_105
const KEPT = ["kept", "kept.fifo"]
const CHANGED = ["changed", "changed.fifo"]
const CHANGING: readonly ActionName[] = ["SetQueueAttributes", "AddPermission", "PurgeQueue"]

const decoder = new TextDecoder()
/** The URL of a running broker is not known before it runs: only the name in it counts. */
const url = (name: string) => `http://sqs/000000000000/${name}`
const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`
const handles: string[] = []

/** Queues that are deleted or shut are others than those that messages go through. */
function brokerFor(action: ActionName): FuzzedBroker {
  const names = action === "DeleteQueue" ? ["doomed", "none"] : CHANGING.includes(action) ? CHANGED : KEPT
  return { queueUrls: names.map(url), arns: names.map(arn), handles }
}

beforeAll(async () => {
  for (const QueueName of [...KEPT, ...CHANGED, "doomed"]) {
    const Attributes = { VisibilityTimeout: "43200", ...(QueueName.endsWith(".fifo") ? { FifoQueue: "true" } : {}) }
    expect(await scene.json("CreateQueue", { QueueName, Attributes })).toMatchObject({ status: 200 })
  }
  const QueueUrl = url("kept")
  for (const batch of upTo(15)) {
    const Entries = upTo(10).map((at) => ({ Id: `m${at}`, MessageBody: `${batch}-${at}` }))
    await scene.json("SendMessageBatch", { QueueUrl, Entries })
  }
  for (const _ of upTo(10)) {
    const received = await scene.json("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 })
    const { Messages } = received.body as { readonly Messages: readonly { readonly ReceiptHandle: string }[] }
    handles.push(...Messages.map(({ ReceiptHandle }) => ReceiptHandle))
  }
})

/** A wait that is long, and no bug. */
function waits(wild: WildRequest): boolean {
  return /WaitTimeSeconds\D{0,3}(?:[1-9]|1\d|20)(?!\d)/.test(wild.path + decoder.decode(wild.body))
}

async function checkJson(wild: WildRequest): Promise<void> {
  if (waits(wild)) return
  const { status, type, text } = await sendWild(scene.broker.url, "x", wild)
  expect(status, text).toBeLessThan(500)
  expect(type).toBe("application/x-amz-json-1.0")
  const body = text === "" ? null : (JSON.parse(text) as unknown)
  expect(body).toBeTypeOf("object")
  if (status !== 200) expect(body).toMatchObject({ __type: /^com\.amazon[\w.]+#\w+$/, message: /./ })
}

async function checkQuery(wild: WildRequest): Promise<void> {
  if (waits(wild)) return
  const { status, type, text } = await sendWild(scene.broker.url, "x", wild)
  expect(status, text).toBeLessThan(500)
  expect(type).toBe("text/xml")
  const document = parseXml(text)
  const name = status === 200 ? /^\w+Response$/ : status === 404 ? /^(Error|UnknownOperation)/ : /^ErrorResponse$/
  expect(document.name).toMatch(name)
  if (document.name === "ErrorResponse") expect(findXml(document, "Code")?.text).toMatch(/^[\w.]+$/)
}

describe.each(NAMES)("[X14] whatever comes to %s, it is no 5xx", (action) => {
  const shape = ACTIONS[action].input
  const options = { numRuns: RUNS, seed: SEED }

  it("in JSON", async () => {
    const input = wildInput(shape, brokerFor(action), true)
    await fc.assert(fc.asyncProperty(wildJson(action, input), checkJson), options)
  })

  it("in the query protocol", async () => {
    const input = wildInput(shape, brokerFor(action), false)
    await fc.assert(fc.asyncProperty(wildQuery(action, shape, input), checkQuery), options)
  })
})

it("[X14] and the broker still works", async () => {
  const QueueUrl = url("kept")
  expect(await scene.json("SendMessage", { QueueUrl, MessageBody: "after all" })).toMatchObject({ status: 200 })
  expect(await scene.json("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] })).toMatchObject({ status: 200 })
})

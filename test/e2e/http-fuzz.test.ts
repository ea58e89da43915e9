import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { HttpScene, upTo } from "../support/http.ts"
import {
  sendWild,
  wildBody,
  wildHeaders,
  wildName,
  wildObject,
  wildQuery,
  type WildRequest,
} from "../support/http-fuzz.ts"
import { groupOperations, groupState, MEMBER, type WildOperation, wildGroups } from "../support/http-fuzz-groups.ts"

const scene = new HttpScene()
const RUNS = 100
const QUEUE = "/v1/queues/kept"
const TOPIC = "/v1/topics/kept"
/** What an operation takes, but so short that waiting for nothing takes no time. */
const wait = fc.constantFrom(0, 1, 5)
const list = (entry: fc.Arbitrary<unknown>) => fc.array(entry, { minLength: 1, maxLength: 4 })

const headers = fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 2 })
const bytes = wildObject({ bodyBase64: fc.base64String(), headers }, ["bodyBase64"])
const value = fc.jsonValue() as fc.Arbitrary<unknown>
const terms = {
  delayMs: fc.nat(100),
  deliverAt: fc.nat(),
  ttlMs: fc.integer({ min: 600_000, max: 6_000_000 }),
  dedupId: fc.string({ maxLength: 5 }),
}
const message = fc.oneof(
  wildObject({ body: value, headers }, ["body"]),
  bytes,
  wildObject({ groupId: fc.string() }),
  wildObject({ body: value, ...terms }, ["body"]),
)
const timestamp = fc.nat()
const record = fc.oneof(
  wildObject({ body: value, key: fc.string(), partition: fc.nat(2), timestamp }, ["body"]),
  wildObject({ tombstone: fc.constant(true), key: fc.string() }, ["tombstone", "key"]),
  bytes,
)
const producer = wildObject({ id: fc.nat(3), epoch: fc.nat(2), sequence: fc.nat(9) }, ["id", "epoch", "sequence"])
const append = fc.oneof(
  record,
  wildObject({ records: list(record) }, ["records"]),
  wildObject({ body: value, partition: fc.nat(2), producer, expectedOffset: fc.nat(9) }, ["body"]),
)
/** Some count, some are used up, and some never were. */
let receipts: readonly string[] = []
let member = ""
const receipt = fc.oneof(
  fc.nat(109).map((index) => receipts[index] ?? "x"),
  fc.base64String(),
  fc.string(),
)

function settling(options: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const required = Object.keys(options).filter((name) => ["visibilityTimeoutMs", "lockDurationMs"].includes(name))
  return fc.oneof(
    wildObject({ receipts: list(receipt), ...options }, ["receipts", ...required]),
    wildObject({ entries: list(wildObject({ receipt, ...options }, ["receipt", ...required])) }, ["entries"]),
  )
}

const delay = fc.nat(604_800_000)
const timeout = fc.nat(43_200_000)
const retryDelay = wildObject({
  kind: fc.constantFrom("constant", "linear", "exponential"),
  delayMs: delay,
  stepMs: delay,
  baseMs: delay,
  maxMs: delay,
  jitter: fc.double(),
})
const queueSettings = wildObject({
  ordering: fc.constantFrom("standard", "fifo"),
  fair: fc.boolean(),
  singleActiveConsumer: fc.boolean(),
  retentionMs: fc.integer({ min: 59_999, max: 1e9 }),
  delayMs: fc.nat(1000),
  maxAttempts: fc.constantFrom(null, 0, 1, 100),
  onExpiry: fc.constantFrom("drop", "dead-letter"),
  contentDeduplication: fc.boolean(),
  dedupScope: fc.constantFrom("queue", "group"),
  dedupWindowMs: fc.nat(604_800_001),
  maxMessages: fc.constantFrom(null, 0, 1, 100),
  maxBytes: fc.constantFrom(null, 0, 1, 1e6),
  maxInFlight: fc.nat(120_001),
  overflow: fc.constantFrom("reject", "drop-oldest", "dead-letter"),
  sendingPaused: fc.boolean(),
  deliveryPaused: fc.boolean(),
  annotations: fc.dictionary(fc.string({ maxLength: 4 }), fc.constantFrom(null, "", "x"), { maxKeys: 3 }),
  visibilityTimeoutMs: fc.integer({ min: 60_000, max: 43_200_001 }),
  deadLetterQueue: fc.constantFrom("kept", "altered", "none", null),
  retryDelay,
})
const topicSettings = wildObject({
  partitions: fc.nat(4),
  keyOrder: fc.constantFrom("preserve", "relaxed"),
  cleanup: fc.constantFrom("delete", "compact", "both"),
  retentionMs: fc.constantFrom(null, 59_999, 60_000, 1e9),
  retentionBytes: fc.constantFrom(null, 1e6, 1e7),
  minCompactionLagMs: fc.nat(1000),
  deleteRetentionMs: fc.nat(1000),
  maxRecordBytes: fc.nat(1_048_577),
  timestamp: fc.constantFrom("broker", "producer"),
})
const nothing = fc.constant({})
const FILTER = ["reason", "header", "groupId", "sentAfter", "sentBefore"]
/** What moves there changes nothing that is looked at. */
const queue = fc.constantFrom("spare", "none", null)
const filter = wildObject({
  reason: fc.constantFrom("rejected", "expired"),
  header: wildObject({ name: fc.string(), value: fc.string() }, ["name", "value"]),
  groupId: fc.string(),
  sentAfter: fc.nat(),
  sentBefore: fc.nat(),
})

/** Every operation: method, path, query, body. */
const OPERATIONS: readonly WildOperation[] = [
  ["GET", "/v1/queues", ["prefix", "limit", "cursor"], nothing],
  ["PUT", "/v1/queues/altered", ["x"], queueSettings],
  ["GET", QUEUE, ["x"], nothing],
  ["DELETE", "/v1/queues/none", ["x"], nothing],
  ["POST", `${QUEUE}/messages`, ["raw"], fc.oneof(message, wildObject({ messages: list(message) }, ["messages"]))],
  [
    "POST",
    `${QUEUE}/receive`,
    ["x"],
    wildObject({ maxMessages: fc.nat(3), waitMs: wait, visibilityTimeoutMs: timeout, attemptId: fc.string() }),
  ],
  ["POST", `${QUEUE}/ack`, ["x"], settling({})],
  ["POST", `${QUEUE}/nack`, ["x"], settling({ delayMs: fc.nat(1000), fault: fc.boolean(), error: fc.string() })],
  ["POST", `${QUEUE}/extend`, ["x"], settling({ visibilityTimeoutMs: timeout })],
  ["GET", `${QUEUE}/messages`, ["state", "limit", "cursor", ...FILTER], nothing],
  ["DELETE", `${QUEUE}/messages`, ["state", ...FILTER], nothing],
  ["GET", `${QUEUE}/messages/1-0-1`, ["x"], nothing],
  ["DELETE", `${QUEUE}/messages/1-0-1`, ["x"], nothing],
  ["POST", `${QUEUE}/messages/1-0-1/resend`, ["x"], wildObject({ queue, body: value, headers, groupId: fc.string() })],
  ["POST", "/v1/queues/altered/redrive", ["x"], wildObject({ queue, filter, maxMessagesPerSecond: fc.nat(10_001) })],
  ["GET", `${QUEUE}/redrive`, ["x"], nothing],
  ["DELETE", `${QUEUE}/redrive`, ["x"], nothing],
  ["GET", "/v1/topics", ["prefix", "limit", "cursor"], nothing],
  ["PUT", TOPIC, ["x"], wildObject({ partitions: fc.nat(4) })],
  ["GET", TOPIC, ["x"], nothing],
  ["DELETE", "/v1/topics/none", ["x"], nothing],
  ["PUT", "/v1/topics/altered", ["x"], topicSettings],
  ["POST", "/v1/topics/altered/records", ["acks"], append],
  ["POST", `${TOPIC}/records`, ["acks"], append],
  ["POST", "/v1/producers", ["x"], wildObject({ name: fc.string() })],
  ["GET", `${TOPIC}/partitions/0/records`, ["from", "maxRecords", "maxBytes", "key", "header", "damaged"], nothing],
  ["GET", `${TOPIC}/records`, ["partitions", "from", "maxRecords", "maxBytes", "key", "header"], nothing],
  ["GET", `${TOPIC}/offsets`, ["timestamp"], nothing],
  ["GET", `${TOPIC}/partitions/0/head`, ["after"], nothing],
  ["GET", `${TOPIC}/keys/k`, ["x"], nothing],
  ["DELETE", `${TOPIC}/partitions/0/records`, ["before"], nothing],
  ...groupOperations({ settling, record, producer, retryDelay }),
  [
    "POST",
    "/v1/tokens",
    ["x"],
    wildObject({
      kind: fc.constant("bearer"),
      namespace: fc.string(),
      subject: fc.string(),
      expiresInMs: fc.oneof(fc.nat(), fc.constant(null)),
      rights: list(wildObject({ actions: list(fc.constantFrom("read", "manage")), queues: list(fc.string()) })),
    }),
  ],
  ["GET", "/v1/connect", ["x"], nothing],
  ["GET", "/healthz", ["x"], nothing],
  ["GET", "/openapi.json", ["x"], nothing],
]

beforeAll(async () => {
  await scene.put(QUEUE, { visibilityTimeoutMs: 43_200_000 })
  await scene.put("/v1/queues/altered")
  await scene.put("/v1/queues/spare")
  await scene.put(TOPIC, { partitions: 2 })
  await scene.put("/v1/topics/altered")
  await scene.put("/v1/groups/altered")
  await scene.send(QUEUE, ...upTo(200))
  const held = await scene.receive(QUEUE, { maxMessages: 100 })
  receipts = held.map((one) => one.receipt)
  await scene.append(TOPIC, { body: 1, partition: 0 }, { body: 2, partition: 1 })
  await scene.append(TOPIC, ...upTo(40).map((n) => ({ body: n, partition: n % 2 })))
  const groups = await wildGroups(scene)
  member = groups.member
  receipts = [...receipts, ...groups.receipts]
})

/** What requests may change. What ends or moves by itself doesn't show in it. */
async function state(): Promise<string> {
  const [queue, altered, topic] = await Promise.all([QUEUE, "/v1/queues/altered", TOPIC].map((path) => scene.get(path)))
  const { statistics } = queue!.body as { statistics: Record<string, number> }
  const { ready, inFlight, delayed, scheduled, oldestAt: _, rates: __, forwarding: ___, ...totals } = statistics
  const { settings } = altered!.body as { settings: object }
  const groups = await groupState(scene)
  return JSON.stringify([ready! + inFlight! + delayed! + scheduled!, totals, settings, topic!.body, groups])
}

/** A wait that is long, and no bug; a message that expires while the next request is looked at. */
function isInTheWay({ path, body }: WildRequest): boolean {
  const text = new TextDecoder().decode(body)
  const waitMs = /"waitMs":\s*(\d+)\s*[,}]/.exec(text)?.[1]
  const times = [...text.matchAll(/"ttlMs":\s*(\d+)\s*[,}]/g)].map(([, ttlMs]) => Number(ttlMs))
  return (/\/(receive|fetch|heartbeat)/.test(path) && Number(waitMs ?? 0) > 5) || times.some((ttlMs) => ttlMs < 600_000)
}

/** Sends it: no 5xx, a problem where it is refused, and then nothing has changed. */
async function check(wild: WildRequest): Promise<void> {
  if (isInTheWay(wild)) return
  const before = await state()
  const { status, type, text } = await sendWild(scene.broker.url, scene.broker.token, wild)
  expect(status).toBeGreaterThanOrEqual(200)
  expect(status, text).toBeLessThan(500)
  if (status < 400) return
  // what is no HTTP or no URI is refused by the runtime and never gets to the broker
  const byRuntime = status === 400 && ["invalid URI", "Bad Request"].includes(text)
  if (wild.method !== "HEAD" && !byRuntime) {
    expect(type).toBe("application/problem+json")
    expect(JSON.parse(text)).toMatchObject({ status, code: /^[a-z_]+$/, detail: /./ })
  }
  expect(await state()).toBe(before)
}

describe("[H39] whatever comes, it is no 5xx, what is refused changes nothing, and the next request works", () => {
  it.each(OPERATIONS)("%s %s", async (method, path, parameters, body) => {
    const wild = fc.record({
      method: fc.constant(method),
      path: wildQuery(parameters).map((query) => path.replace(MEMBER, member) + query),
      headers: wildHeaders,
      body: method === "GET" ? fc.constant(new Uint8Array()) : wildBody(body),
    })
    await fc.assert(fc.asyncProperty(wild, check), { numRuns: RUNS })
    await works()
  })

  it("other names, methods and paths", async () => {
    const part = fc.oneof(
      wildName,
      fc.constantFrom("v1", "queues", "topics", "groups", "kept", "messages", "partitions", "0"),
    )
    const path = fc.oneof(
      fc.array(part, { maxLength: 5 }).map((parts) => `/${parts.join("/")}`),
      fc
        .tuple(fc.constantFrom(...OPERATIONS), wildName)
        .map(([[, operation], name]) => operation.replace("kept", name)),
    )
    const method = fc.constantFrom("GET", "HEAD", "POST", "PATCH", "OPTIONS", "PUT", "DELETE")
    const wild = fc.record({ method, path, headers: wildHeaders, body: fc.constant(new Uint8Array()) })
    // a valid name would be created or deleted, which is no bug
    const harmless = wild.filter(
      (request) => !["PUT", "DELETE"].includes(request.method) || !/^\/v1\/\w+\/\w+$/.test(request.path),
    )
    await fc.assert(fc.asyncProperty(harmless, check), { numRuns: 3 * RUNS })
    await works()
  })
})

/** A message through the queue, and a record through the topic. */
async function works(): Promise<void> {
  const queue = await scene.queue()
  await scene.send(queue, "next")
  const { body, receipt } = await scene.receiveOne(queue)
  expect(body).toBe("next")
  expect(await scene.settle("ack", queue, { receipts: [receipt] })).toEqual(["ok"])
  const [place] = await scene.append(TOPIC, { body: "next", partition: 1 })
  const read = await scene.get(`${TOPIC}/partitions/1/records?from=${place!.offset}`)
  expect(read).toMatchObject({ status: 200, body: { records: [{ body: "next" }] } })
}

import type { Action, Kind } from "../../src/core/access/rights.ts"
import type { Need, World } from "./access-world.ts"

/** One way to call an operation, and all that this asks for. */
export interface AccessCase {
  readonly operation: string
  /** What of it, where there is more than one way. */
  readonly with?: string
  readonly call: (world: World) => readonly [method: string, path: string, json?: object]
  readonly needs: (world: World) => readonly Need[]
  /** Whether any name of the kind will do. */
  readonly anywhere?: true
}

function need(action: Action, kind: Kind, name: string): Need {
  return { action, kind, name }
}

const read = (world: World): Need => need("read", "queue", world.queue)
const consume = (world: World): Need => need("consume", "queue", world.queue)
const manage = (world: World): Need => need("manage", "queue", world.queue)
const manageDead = (world: World): Need => need("manage", "queue", world.dead)
const send = (world: World): Need => need("produce", "queue", world.queue)
const sendDead = (world: World): Need => need("produce", "queue", world.dead)
const readTopic = (world: World): Need => need("read", "topic", world.topic)
const append = (world: World): Need => need("produce", "topic", world.topic)
const work = (world: World): Need => need("consume", "topic", world.topic)
const manageTopic = (world: World): Need => need("manage", "topic", world.topic)
const readGroup = (world: World): Need => need("read", "group", world.group)
const join = (world: World): Need => need("consume", "group", world.group)
const manageGroup = (world: World): Need => need("manage", "group", world.group)
const joinShare = (world: World): Need => need("consume", "group", world.share)

function row(
  operation: string,
  [method, path]: readonly [string, (world: World) => string],
  needs: readonly ((world: World) => Need)[],
  json?: (world: World) => object,
  more: Pick<AccessCase, "with" | "anywhere"> = {},
): AccessCase {
  return {
    operation,
    ...more,
    call: (world) => (json === undefined ? [method, path(world)] : [method, path(world), json(world)]),
    needs: (world) => needs.map((one) => one(world)),
  }
}

const q =
  (path = "") =>
  (world: World) =>
    `/v1/queues/${world.queue}${path}`
const d =
  (path = "") =>
  (world: World) =>
    `/v1/queues/${world.dead}${path}`
const t =
  (path = "") =>
  (world: World) =>
    `/v1/topics/${world.topic}${path}`
const g =
  (path = "") =>
  (world: World) =>
    `/v1/groups/${world.group}${path}`
const m =
  (path = "") =>
  (world: World) =>
    `/v1/groups/${world.group}/members/${world.member}${path}`
const s =
  (path = "") =>
  (world: World) =>
    `/v1/topics/${world.topic}/share/${world.share}${path}`
const held = (world: World) => ({ receipts: [world.receipt] })
const locked = (world: World) => ({ receipts: [world.shareReceipt] })
const place = (world: World) => ({ topic: world.topic, partition: 0 })

const QUEUES: readonly AccessCase[] = [
  row("listQueues", ["GET", () => "/v1/queues"], [read], undefined, { anywhere: true }),
  row("putQueue", ["PUT", q()], [manage], () => ({ maxDeliveries: 9 })),
  row("putQueue", ["PUT", q()], [manage, sendDead], (w) => ({ deadLetterQueue: w.dead }), { with: "deadLetterQueue" }),
  row("getQueue", ["GET", q()], [read]),
  row("deleteQueue", ["DELETE", q()], [manage]),
  row("sendMessages", ["POST", q("/messages")], [send], () => ({ body: "x" })),
  row("receiveMessages", ["POST", q("/receive")], [consume]),
  row("ackMessages", ["POST", q("/ack")], [consume], held),
  row("nackMessages", ["POST", q("/nack")], [consume], held),
  row("extendMessages", ["POST", q("/extend")], [consume], (w) => ({ ...held(w), visibilityTimeoutMs: 50_000 })),
  row("browseMessages", ["GET", q("/messages")], [read]),
  row("purgeMessages", ["DELETE", q("/messages")], [manage]),
  row(
    "getMessage",
    ["GET", (w) => `/v1/queues/${w.dead}/messages/${w.letter}`],
    [(w) => need("read", "queue", w.dead)],
  ),
  row("deleteMessage", ["DELETE", (w) => `/v1/queues/${w.dead}/messages/${w.letter}`], [manageDead]),
  row("resendMessage", ["POST", (w) => `/v1/queues/${w.dead}/messages/${w.letter}/resend`], [manageDead, send]),
  row(
    "resendMessage",
    ["POST", (w) => `/v1/queues/${w.dead}/messages/${w.letter}/resend`],
    [manageDead, sendDead],
    (w) => ({ queue: w.dead, body: "edited" }),
    { with: "queue" },
  ),
  row("startRedrive", ["POST", d("/redrive")], [manageDead, () => need("produce", "queue", "*")]),
  row("startRedrive", ["POST", d("/redrive")], [manageDead, send], (w) => ({ queue: w.queue }), { with: "queue" }),
  row("listRedrives", ["GET", q("/redrive")], [read]),
  row("cancelRedrive", ["DELETE", q("/redrive")], [manage]),
]

const TOPICS: readonly AccessCase[] = [
  row("listTopics", ["GET", () => "/v1/topics"], [readTopic], undefined, { anywhere: true }),
  row("putTopic", ["PUT", t()], [manageTopic], () => ({ retentionMs: 100_000 })),
  row("getTopic", ["GET", t()], [readTopic]),
  row("deleteTopic", ["DELETE", t()], [manageTopic]),
  row("appendRecords", ["POST", t("/records")], [append], () => ({ key: "k", body: "x" })),
  row("openProducer", ["POST", () => "/v1/producers"], [append], undefined, { anywhere: true }),
  row("openProducer", ["POST", () => "/v1/producers"], [send], undefined, { anywhere: true, with: "a queue's right" }),
  row("readRecords", ["GET", t("/partitions/0/records")], [readTopic]),
  row("readPartitions", ["GET", t("/records")], [readTopic]),
  row("getOffsets", ["GET", t("/offsets")], [readTopic]),
  row("watchHead", ["GET", t("/partitions/0/head")], [readTopic]),
  row("getLatest", ["GET", t("/keys/k")], [readTopic]),
  row("trimRecords", ["DELETE", t("/partitions/0/records?before=1")], [manageTopic]),
]

const GROUPS: readonly AccessCase[] = [
  row("listGroups", ["GET", () => "/v1/groups"], [readGroup], undefined, { anywhere: true }),
  row("putGroup", ["PUT", g()], [manageGroup], () => ({ sessionTimeoutMs: 60_000 })),
  row(
    "putGroup",
    ["PUT", (w) => `/v1/groups/${w.share}`],
    [(w) => need("manage", "group", w.share), sendDead],
    (w) => ({ deadLetter: { queue: w.dead } }),
    { with: "a dead-letter queue" },
  ),
  row(
    "putGroup",
    ["PUT", (w) => `/v1/groups/${w.share}`],
    [(w) => need("manage", "group", w.share), (w) => need("produce", "topic", w.log)],
    (w) => ({ deadLetter: { topic: w.log } }),
    { with: "a dead-letter topic" },
  ),
  row("getGroup", ["GET", g()], [readGroup]),
  row("deleteGroup", ["DELETE", g()], [manageGroup]),
  row("joinGroup", ["POST", g("/members")], [join, work], (w) => ({ topics: [w.topic] })),
  row(
    "joinGroup",
    ["POST", g("/members")],
    [join, () => need("consume", "topic", "x*")],
    () => ({ patterns: ["x*y"] }),
    {
      with: "patterns",
    },
  ),
  row("heartbeat", ["POST", m("/heartbeat")], [join]),
  row("heartbeat", ["POST", m("/heartbeat")], [join, work], (w) => ({ topics: [w.topic] }), { with: "topics" }),
  row("leaveGroup", ["DELETE", m()], [join]),
  row("fetchRecords", ["POST", m("/fetch")], [join, work], (w) => ({
    partitions: [{ ...place(w), epoch: 1, offset: 0 }],
  })),
  row("getGroupOffsets", ["GET", g("/offsets")], [readGroup]),
  row(
    "getGroupOffsets",
    ["GET", (w) => `/v1/groups/${w.group}/offsets?topic=${w.topic}`],
    [readGroup, readTopic],
    undefined,
    {
      with: "topic",
    },
  ),
  row("commitGroupOffsets", ["POST", g("/offsets")], [join, work], (w) => ({
    memberId: w.member,
    offsets: [{ ...place(w), epoch: 1, offset: 1 }],
  })),
  row(
    "commitGroupOffsets",
    ["POST", g("/offsets")],
    [join, work, append],
    (w) => ({
      memberId: w.member,
      offsets: [{ ...place(w), epoch: 1, offset: 1, records: [{ key: "k", body: "x" }] }],
    }),
    { with: "records" },
  ),
  row("seekGroup", ["POST", g("/seek")], [join, work], (w) => ({ topic: w.topic, to: "earliest", dryRun: true })),
  row("getShare", ["GET", s()], [readTopic, (w) => need("read", "group", w.share)]),
  row("receiveShare", ["POST", s("/receive")], [work, joinShare]),
  row("ackShare", ["POST", s("/ack")], [work, joinShare], locked),
  row("nackShare", ["POST", s("/nack")], [work, joinShare], locked),
  row("extendShare", ["POST", s("/extend")], [work, joinShare], (w) => ({ ...locked(w), lockDurationMs: 50_000 })),
]

/** Every operation that asks for rights, in each way that asks for others. */
export const ACCESS_TABLE: readonly AccessCase[] = [...QUEUES, ...TOPICS, ...GROUPS]

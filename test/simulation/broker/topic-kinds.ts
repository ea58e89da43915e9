import { MIN_RETENTION_MS } from "../../../src/core/limits.ts"
import type { History, Operation } from "../../support/checkers/history.ts"
import { checkNewestKeys } from "../../support/checkers/newest-keys.ts"
import { PLAIN_QUEUE, type Promises, type QueuePromise, type Violation } from "../../support/checkers/promises.ts"
import { runAppender, runNumberedAppender, topicTarget, type AppenderPlan } from "./appending.ts"
import { drain } from "./draining.ts"
import { checkFencedProducers } from "./fenced-producers.ts"
import { HttpMember } from "./http-member.ts"
import { checkKeyOrder } from "./key-order.ts"
import { shareSource } from "./lease-source.ts"
import { primeShare } from "./priming.ts"
import { Publisher } from "./publishing.ts"
import { runReader, runTrimmer, SocketReader } from "./reading.ts"
import { ask, askUntilSure, type Scene } from "./scene.ts"
import { runSeeker } from "./seeking.ts"
import { runSharer, sharedSends, shareQueue } from "./sharing.ts"
import { SocketMember } from "./socket-member.ts"
import { SocketReceiver } from "./socket-receiver.ts"
import { drainGroup, drainShare, readAll, whatIsKept } from "./topic-draining.ts"

type MakeScene = (client: string) => Scene

/** A topic, and those who work with it. */
export interface TopicKind {
  readonly topic: string
  readonly setUp: (scene: Scene) => Promise<void>
  readonly clients: (makeScene: MakeScene) => readonly Promise<unknown>[]
  readonly drain: (scene: Scene) => Promise<string | null>
  /** What stands in the history as a queue, drained by then. */
  readonly queues: (drainedAt: number | null) => Promises["queues"]
  readonly derived: (history: History) => readonly Operation[]
  /** Promises of its own. */
  readonly check?: (history: History) => readonly Violation[]
  readonly isCompacted?: boolean
  readonly retentionMs?: number
}

const PARTITIONS = 2
const GROUP_SETTINGS = {
  autoOffsetReset: "earliest",
  sessionTimeoutMs: 1_200,
  heartbeatIntervalMs: 300,
  rebalanceTimeoutMs: 800,
}

/** Appended and read, without groups; perhaps trimmed, perhaps with a partition that is added. */
export function plainTopic(isTrimmed: boolean, isExtended: boolean): TopicKind {
  const topic = "log"
  return {
    topic,
    setUp: (scene) => create(scene, `/v1/topics/${topic}`, { partitions: PARTITIONS }),
    clients: (makeScene) => [
      ...writers(makeScene, topic),
      ...["rival1", "rival2"].map((client) => rival(makeScene(client), client, topic)),
      runReader(makeScene("reader0"), { client: "reader0", topic, partition: 0 }),
      runReader(makeScene("reader1"), { client: "reader1", topic, partition: 1 }),
      new SocketReader(makeScene("reader2"), { client: "reader2", topic, partition: 0 }).run(),
      ...(isTrimmed ? [runTrimmer(makeScene("trimmer"), { client: "trimmer", topic, partition: 0 })] : []),
      ...(isExtended ? [addPartition(makeScene("adder"), topic)] : []),
    ],
    drain: (scene) => readAll(scene, topic),
    queues: () => ({}),
    derived: () => [],
    check: checkFencedProducers,
  }
}

/** Of which the newest record of each key is kept. */
export function compactedTopic(): TopicKind {
  const topic = "prices"
  return {
    topic,
    setUp: (scene) =>
      create(scene, `/v1/topics/${topic}`, { partitions: PARTITIONS, cleanup: "compact", minCompactionLagMs: 0 }),
    clients: (makeScene) => [
      ...keyedWriters(makeScene, topic),
      runReader(makeScene("reader3"), { client: "reader3", topic, partition: 0 }),
      new SocketReader(makeScene("reader4"), { client: "reader4", topic, partition: 1 }).run(),
    ],
    drain: (scene) => readAll(scene, topic),
    queues: () => ({}),
    derived: () => [],
    check: (history) => checkNewestKeys(history, topic, `drain ${topic}`),
    isCompacted: true,
  }
}

/** Of which some records, or all, are too old when they are looked for at the end. */
export function agingTopic(): TopicKind {
  const topic = "ticks"
  return {
    topic,
    setUp: (scene) => create(scene, `/v1/topics/${topic}`, { partitions: PARTITIONS, retentionMs: MIN_RETENTION_MS }),
    clients: (makeScene) => [
      ...writers(makeScene, topic),
      runReader(makeScene("reader5"), { client: "reader5", topic, partition: 0 }),
      new SocketReader(makeScene("reader6"), { client: "reader6", topic, partition: 1 }).run(),
    ],
    async drain(scene) {
      const restMs = scene.random.pick([MIN_RETENTION_MS - 10_000, MIN_RETENTION_MS - 2_000, ALL_AGED_MS])
      await scene.sleep(restMs)
      // with nobody to ask
      const left = restMs === ALL_AGED_MS ? await whatIsKept(scene, topic) : null
      return left ?? readAll(scene, topic)
    },
    queues: () => ({}),
    derived: () => [],
    retentionMs: MIN_RETENTION_MS,
  }
}

/** Read by the members of a consumer group. */
export function groupedTopic(isExtended: boolean, isSought: boolean): TopicKind {
  const topic = "flights"
  const group = "billing"
  const plan = (client: string, instanceId: string | null) => ({ client, group, topic, instanceId })
  return {
    topic,
    async setUp(scene) {
      await create(scene, `/v1/topics/${topic}`, { partitions: PARTITIONS })
      await create(scene, `/v1/groups/${group}`, GROUP_SETTINGS)
    },
    clients: (makeScene) => [
      ...writers(makeScene, topic),
      new HttpMember(makeScene("m1"), plan("m1", null)).run(),
      new HttpMember(makeScene("m2"), plan("m2", "static")).run(),
      new SocketMember(makeScene("m3"), plan("m3", null)).run(),
      ...(isExtended ? [addPartition(makeScene("adder2"), topic)] : []),
      ...(isSought ? [runSeeker(makeScene("seeker"), group, topic)] : []),
    ],
    async drain(scene) {
      return (await drainGroup(scene, topic, group)) ?? (await readAll(scene, topic))
    },
    queues: () => ({}),
    derived: () => [],
    // whoever is sent on by an operator has left something out
    check: (history) => (isSought ? [] : checkKeyOrder(history, topic)),
  }
}

/** Given out to a share group, by HTTP and over sockets. */
export function sharedTopic(): TopicKind {
  return shared({ maxDeliveries: null, retryDelay: NO_DELAY }, PLAIN_QUEUE, "diligent", writers)
}

/** Given out in the order of keys, a few times; then it is a dead letter. */
export function orderedShare(): TopicKind {
  const settings = { ordering: "key", maxDeliveries: 3, retryDelay: NO_DELAY, deadLetter: { queue: DEAD } }
  const promise = { ...PLAIN_QUEUE, ordering: "fifo", maxDeliveries: 3, deadLetterQueue: DEAD } as const
  return shared(settings, promise, "clumsy", keyedWriters)
}

/** Every record is too old, and gone [S13]. */
const ALL_AGED_MS = MIN_RETENTION_MS + 10_000 + 1_000
const DEAD = "dead-tasks"
const NO_DELAY = { kind: "constant", delayMs: 0 }

function shared(
  settings: object,
  promise: QueuePromise,
  habits: "diligent" | "clumsy",
  write: typeof writers,
): TopicKind {
  const topic = "tasks"
  const group = "workers"
  const plan = (client: string) => ({ client, group, topic, habits })
  const keepsOrder = promise.ordering === "fifo"
  const overSocket = (makeScene: MakeScene, client: string, partition: number): Promise<void> =>
    new SocketReceiver(makeScene(client), {
      client,
      source: shareSource(topic, partition, group, keepsOrder),
      habits,
    }).run()
  return {
    topic,
    async setUp(scene) {
      await create(scene, `/v1/queues/${DEAD}`, {})
      await create(scene, `/v1/topics/${topic}`, { partitions: PARTITIONS })
      await create(scene, `/v1/groups/${group}`, { type: "share", autoOffsetReset: "earliest", ...settings })
      if (scene.random.chance(0.3)) await primeShare(scene, topic, group)
    },
    clients: (makeScene) => [
      ...write(makeScene, topic),
      runSharer(makeScene("h1"), plan("h1")),
      runSharer(makeScene("h2"), plan("h2")),
      overSocket(makeScene, "h3", 0),
      overSocket(makeScene, "h4", 1),
    ],
    async drain(scene) {
      const left = (await drainShare(scene, topic, group)) ?? (await drain(scene, [DEAD]))
      return left ?? (await readAll(scene, topic))
    },
    queues(drainedAt) {
      const partitions = Array.from({ length: PARTITIONS }, (_, partition) => shareQueue(topic, partition))
      const promises = partitions.map((queue) => [queue, { ...promise, drainedAt }] as const)
      return { ...Object.fromEntries(promises), [DEAD]: { ...PLAIN_QUEUE, drainedAt } }
    },
    derived: (history) => sharedSends(history, topic),
  }
}

/** One of those who publish under the same name, and fence each other when they come back. */
function rival(scene: Scene, client: string, topic: string): Promise<void> {
  const target = topicTarget(scene, { client, topic, partitions: PARTITIONS, keyed: false }, 0)
  return new Publisher(scene, target, "rivals").run()
}

function writers(makeScene: MakeScene, topic: string): Promise<unknown>[] {
  const client = `${topic} named`
  const named = { client, topic, partitions: PARTITIONS, keyed: false }
  return [runAppender(makeScene(client), named), ...keyedWriters(makeScene, topic)]
}

/** All whose records have keys. */
function keyedWriters(makeScene: MakeScene, topic: string): Promise<unknown>[] {
  const plan = (client: string, keyed: boolean): AppenderPlan => ({ client, topic, partitions: PARTITIONS, keyed })
  const [numbered, keyed, published] = ["numbered", "keyed", "published"].map((kind) => `${topic} ${kind}`)
  const publisher = makeScene(published!)
  return [
    runAppender(makeScene(keyed!), plan(keyed!, true)),
    runNumberedAppender(makeScene(numbered!), plan(numbered!, false)),
    new Publisher(publisher, topicTarget(publisher, plan(published!, false), 1)).run(),
  ]
}

async function create(scene: Scene, path: string, settings: object): Promise<void> {
  const created = await askUntilSure(scene, "PUT", path, settings)
  if (created.status !== 201) throw new Error(`${path} was not created: ${JSON.stringify(created)}`)
}

async function addPartition(scene: Scene, topic: string): Promise<void> {
  await scene.sleep(scene.random.between(500, 6_000))
  while (!scene.isOver()) {
    const { status } = await ask(scene, "PUT", `/v1/topics/${topic}`, { partitions: PARTITIONS + 1 })
    if (status === 200) return
    await scene.sleep(scene.random.between(10, 500))
  }
}

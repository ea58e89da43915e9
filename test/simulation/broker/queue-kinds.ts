import { MIN_RETENTION_MS } from "../../../src/core/limits.ts"
import { PLAIN_QUEUE, type Promises, type QueuePromise } from "../../support/checkers/promises.ts"
import type { SentMessage } from "../../support/checkers/history.ts"
import { runQueueChurn, runTopicChurn } from "./churning.ts"
import { whatIsLeft } from "./draining.ts"
import { queueSource } from "./lease-source.ts"
import { runOperator } from "./operating.ts"
import { prime } from "./priming.ts"
import { Publisher, type Target } from "./publishing.ts"
import { runReceiver } from "./receiving.ts"
import { askUntilSure, type Scene } from "./scene.ts"
import { entryResults, runSender, wireMessage } from "./sending.ts"
import { SocketReceiver } from "./socket-receiver.ts"

/** One queue, or one with its dead letters, and those who work with it. */
export interface QueueKind {
  readonly queues: Readonly<Record<string, QueueSetup>>
  /** What happens before anything goes wrong. */
  readonly prime?: (scene: Scene) => Promise<void>
  /** What happens when nothing goes wrong any more, before the queues are drained; answers what is not as it should be. */
  readonly rest?: (scene: Scene) => Promise<string | null>
  readonly clients: (makeScene: (client: string) => Scene) => readonly Promise<unknown>[]
}

interface QueueSetup {
  readonly settings: object
  readonly promise: Partial<QueuePromise>
}

/** No world lasts so long. */
const LONG_MS = 60 * 60 * 1_000
/** Some worlds last longer. */
const SHORT_MS = 5_000
/** What was sent last, even with a delay, and leased by then, is too old, and swept away [Q36]. */
const ALL_EXPIRED_MS = MIN_RETENTION_MS + 60_000 + 10_000

const STANDARD: QueueKind = {
  queues: { jobs: { settings: {}, promise: { dedupWindowMs: LONG_MS } } },
  clients: (makeScene) => [
    runSender(makeScene("s1"), { client: "s1", queue: "jobs", groups: null, dedup: false, scheduled: true }),
    runReceiver(makeScene("r1"), { client: "r1", queue: "jobs", habits: "diligent" }),
    runReceiver(makeScene("r2"), { client: "r2", queue: "jobs", habits: "diligent" }),
    new SocketReceiver(makeScene("w1"), { client: "w1", source: queueSource("jobs"), habits: "diligent" }).run(),
    runOperator(makeScene("op1"), { queue: "jobs", deadLetters: null }),
  ],
}

const FIFO: QueueKind = {
  queues: {
    orders: {
      settings: { ordering: "fifo", dedupWindowMs: LONG_MS },
      promise: { ordering: "fifo", dedupWindowMs: LONG_MS },
    },
  },
  clients: (makeScene) => [
    runSender(makeScene("s2"), { client: "s2", queue: "orders", groups: ["a", "b"], dedup: true, scheduled: false }),
    runSender(makeScene("s3"), { client: "s3", queue: "orders", groups: ["b", "c"], dedup: false, scheduled: false }),
    runReceiver(makeScene("r3"), { client: "r3", queue: "orders", habits: "diligent" }),
    new SocketReceiver(makeScene("w2"), {
      client: "w2",
      source: queueSource("orders", true),
      habits: "diligent",
    }).run(),
    new SocketReceiver(makeScene("w3"), {
      client: "w3",
      source: queueSource("orders", true),
      habits: "diligent",
    }).run(),
  ],
}

/** Few deliveries, and dead letters; `redriven` for an operator who sends them back. */
export function risky(redriven: boolean): QueueKind {
  return {
    queues: {
      // a queue can only name one that is there
      dead: { settings: {}, promise: {} },
      risky: {
        settings: {
          maxDeliveries: 3,
          deadLetterQueue: "dead",
          retryDelay: { kind: "linear", stepMs: 100, maxMs: 250 },
          dedupWindowMs: LONG_MS,
        },
        promise: { maxDeliveries: 3, deadLetterQueue: "dead", retryDelayMs: 250, dedupWindowMs: LONG_MS },
      },
    },
    clients: (makeScene) => [
      runSender(makeScene("s4"), { client: "s4", queue: "risky", groups: null, dedup: true, scheduled: true }),
      runReceiver(makeScene("r4"), { client: "r4", queue: "risky", habits: "clumsy" }),
      runReceiver(makeScene("r5"), { client: "r5", queue: "dead", habits: "diligent" }),
      new SocketReceiver(makeScene("w4"), { client: "w4", source: queueSource("risky"), habits: "clumsy" }).run(),
      runOperator(makeScene("op2"), { queue: "risky", deadLetters: redriven ? "dead" : null }),
    ],
  }
}

/** Messages that a producer numbers. */
const PRODUCED: QueueKind = {
  queues: { made: { settings: {}, promise: {} } },
  clients: (makeScene) => [
    new Publisher(makeScene("p1"), queueTarget(makeScene("p1 target"), "p1", "made")).run(),
    new Publisher(makeScene("p2"), queueTarget(makeScene("p2 target"), "p2", "made")).run(),
    runReceiver(makeScene("r6"), { client: "r6", queue: "made", habits: "diligent" }),
    new SocketReceiver(makeScene("w5"), { client: "w5", source: queueSource("made"), habits: "diligent" }).run(),
  ],
}

/** A past of several pages, of which some messages are left. */
const DEEP: QueueKind = {
  queues: { deep: { settings: {}, promise: {} } },
  prime: (scene) => prime(scene, "deep", scene.random.between(2, 7) * 500, 97),
  clients: (makeScene) => [
    runSender(makeScene("s8"), { client: "s8", queue: "deep", groups: null, dedup: false, scheduled: true }),
    runReceiver(makeScene("r9"), { client: "r9", queue: "deep", habits: "diligent" }),
    runReceiver(makeScene("r10"), { client: "r10", queue: "deep", habits: "forgetful" }),
    new SocketReceiver(makeScene("w6"), { client: "w6", source: queueSource("deep"), habits: "diligent" }).run(),
  ],
}

/** Queues and topics that come and go. */
export const CHURN: QueueKind = {
  queues: {},
  clients: (makeScene) => [runQueueChurn(makeScene("c1"), "fleeting"), runTopicChurn(makeScene("c2"), "fleeting")],
}

/** Little to do, so that nothing but an alarm brings back what comes back: receivers wait, and forget most of it. */
export const QUIET: QueueKind = {
  queues: { quiet: { settings: {}, promise: {} } },
  clients: (makeScene) => [
    runSender(
      { ...makeScene("s7"), pauseMs: 3_000 },
      { client: "s7", queue: "quiet", groups: null, dedup: false, scheduled: true },
    ),
    runReceiver(makeScene("r8"), { client: "r8", queue: "quiet", habits: "forgetful" }),
  ],
}

/** Deduplication ids that are forgotten while the world lasts. */
const FORGETFUL: QueueKind = {
  queues: {
    brief: { settings: { dedupWindowMs: SHORT_MS }, promise: { dedupWindowMs: SHORT_MS } },
  },
  clients: (makeScene) => [
    runSender(makeScene("s6"), { client: "s6", queue: "brief", groups: null, dedup: true, scheduled: false }),
    runReceiver(makeScene("r7"), { client: "r7", queue: "brief", habits: "diligent" }),
  ],
}

/** Messages that nobody takes in time: some, or all, are too old when they are looked for again. */
export const STALE: QueueKind = {
  queues: {
    stale: { settings: { retentionMs: MIN_RETENTION_MS }, promise: { retentionMs: MIN_RETENTION_MS } },
  },
  clients: (makeScene) => [
    runSender(makeScene("s9"), { client: "s9", queue: "stale", groups: null, dedup: false, scheduled: true }),
    runReceiver(makeScene("r11"), { client: "r11", queue: "stale", habits: "forgetful" }),
  ],
  async rest(scene) {
    const restMs = scene.random.pick([MIN_RETENTION_MS - 15_000, MIN_RETENTION_MS - 4_000, ALL_EXPIRED_MS])
    await scene.sleep(restMs)
    // with no consumer to ask
    return restMs === ALL_EXPIRED_MS ? whatIsLeft(scene, ["stale"]) : null
  },
}

/** All kinds of queues that a world may have. What ends needs clocks that don't jump. */
export function queueKinds(clocksJump: boolean): readonly QueueKind[] {
  const always = [STANDARD, FIFO, risky(false), risky(true), PRODUCED, QUIET, CHURN, DEEP]
  return clocksJump ? always : [...always, FORGETFUL, STALE]
}

export async function createQueues(scene: Scene, { queues, prime: begin }: QueueKind): Promise<void> {
  for (const [queue, { settings }] of Object.entries(queues)) {
    const created = await askUntilSure(scene, "PUT", `/v1/queues/${queue}`, settings)
    if (created.status !== 201) throw new Error(`${queue} was not created: ${JSON.stringify(created)}`)
  }
  await begin?.(scene)
}

export function queuePromises({ queues }: QueueKind, drainedAt: number | null): Promises["queues"] {
  return Object.fromEntries(
    Object.entries(queues).map(([queue, { promise }]) => [queue, { ...PLAIN_QUEUE, drainedAt, ...promise }]),
  )
}

function queueTarget(scene: Scene, client: string, queue: string): Target<SentMessage> {
  let count = 0
  return {
    frame: (entries) => ({ queue, messages: entries.map(wireMessage) }),
    newEntries: (amount) =>
      Array.from({ length: amount }, () => ({
        value: `${queue}:${client}:${count++}`,
        group: null,
        dedupId: null,
        delayMs: 0,
      })),
    record({ entries, calledAt }, outcome) {
      const results =
        typeof outcome === "string"
          ? entries.map(() => ({ refused: outcome }))
          : outcome === null || outcome.some(({ id }) => id === null)
            ? null
            : entryResults(outcome)
      const answeredAt = results === null ? null : scene.recorder.now()
      scene.recorder.add({ kind: "send", client, queue, calledAt, answeredAt, messages: entries, results })
    },
  }
}

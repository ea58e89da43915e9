import type { Append } from "../checkers/history.ts"
import { sharedSend } from "../checkers/shared.ts"
import type { Catalog } from "./catalog.ts"
import { fateOf, fine } from "./habits.ts"
import type { LoadOptions } from "./load.ts"
import { queuePlace, sharePlace } from "./places.ts"
import { QueueReceiver } from "./queue-receiver.ts"
import { type Outgoing, QueueSender } from "./queue-sender.ts"
import type { SdkClients } from "./sdk-clients.ts"
import { sdkQueuePlace, sdkSharePlace } from "./sdk-places.ts"
import { SdkReceiver } from "./sdk-receiver.ts"
import { SdkPublisher, SdkSender } from "./sdk-sender.ts"
import { SHARES, shareQueue, TOPICS } from "./settings.ts"
import type { SqsAccount } from "./sqs-account.ts"
import { SqsReceiver, SqsSender } from "./sqs-work.ts"
import type { Stage, Worker } from "./stage.ts"
import { TopicAppender, TopicProducer } from "./topic-appender.ts"
import { TopicReader } from "./topic-reader.ts"

const MAX_DELAY_MS = 1_500
const GROUPS = 4
const DEAD_LETTER_WAIT_MS = 500

/** What is sent to the queues. */
const OUTGOING = {
  work: { fate: fateOf, groups: null, dedup: false, maxDelayMs: 0 },
  later: { fate: fine, groups: null, dedup: false, maxDelayMs: MAX_DELAY_MS },
  once: { fate: fine, groups: null, dedup: true, maxDelayMs: 0 },
  ordered: { fate: fateOf, groups: GROUPS, dedup: true, maxDelayMs: 0 },
} as const satisfies Record<string, Outgoing>

/** Those who send to queues and receive from them over HTTP. */
export function queueWorkers(stage: Stage): Worker[] {
  const sender = (queue: keyof typeof OUTGOING): Worker =>
    new QueueSender(stage, queue, `${queue} sender`, OUTGOING[queue])
  const receiver = (queue: string, count: number, options?: Parameters<typeof queuePlace>[1]): Worker[] =>
    Array.from({ length: count }, (_, nth) => {
      return new QueueReceiver(stage, queuePlace(queue, options), `${queue} receiver ${nth}`)
    })
  return [
    ...(["work", "later", "once", "ordered"] as const).map(sender),
    ...receiver("work", 2),
    ...receiver("later", 1),
    ...receiver("once", 1),
    // what is forgotten there holds up its group
    ...receiver("ordered", 2, { repeats: true, forgetful: 0.002 }),
    ...["dead", "ordered-dead", "share-dead"].map((queue) => taker(stage, queue)),
  ]
}

/** Takes dead letters, whatever their values say can be done with them. */
function taker(stage: Stage, queue: string): Worker {
  const name = `${queue} taker`
  const receiver = new QueueReceiver(stage, queuePlace(queue), name)
  return { name, step: async () => void (await receiver.takeAll(DEAD_LETTER_WAIT_MS)) }
}

/** Those who append to topics and read them over HTTP. */
export function topicWorkers(stage: Stage, catalog: Catalog): Worker[] {
  const { recorder } = stage
  const fixed = (topic: keyof typeof TOPICS) => ({ topic, partitions: () => TOPICS[topic].settings.partitions })
  const readers = Object.entries(TOPICS).flatMap(([topic, { settings }]) =>
    Array.from({ length: settings.partitions }, (_, partition) => {
      return new TopicReader(stage, { topic, partition }, `reader of ${topic}/${partition}`)
    }),
  )
  const record = (append: Append): void => {
    recorder.add(...Object.keys(SHARES).map((share) => sharedSend(shareQueue(share), append)))
  }
  const shared = { ...fixed("shared"), fate: fateOf, appended: record }
  return [
    new TopicAppender(stage, fixed("log"), "log appender"),
    new TopicProducer(stage, fixed("log"), "log-producer"),
    new TopicAppender(stage, fixed("compacted"), "compacted appender"),
    new TopicProducer(stage, { topic: "growing", partitions: () => catalog.partitions }, "growing-producer"),
    new TopicAppender(stage, shared, "shared appender"),
    ...readers,
  ]
}

/** Those who receive for share groups. */
export function shareWorkers(stage: Stage, { consumers }: SdkClients): Worker[] {
  return [
    new QueueReceiver(stage, sharePlace("workers"), "share worker"),
    new SdkReceiver(stage, consumers, sdkSharePlace("workers"), "sdk share worker"),
    new QueueReceiver(stage, sharePlace("in-order", 0.002), "in-order worker"),
  ]
}

/** Those who use the client library. */
export function sdkWorkers(
  stage: Stage,
  { senders, consumers }: SdkClients,
  onAnswer: LoadOptions["onAnswer"],
): Worker[] {
  const streamed = { topic: "streamed", partitions: TOPICS.streamed.settings.partitions }
  return [
    new SdkSender(stage, senders, { queue: "pushed", isOrdered: false }, "sdk sender", onAnswer),
    new SdkSender(stage, senders, { queue: "pushed-ordered", isOrdered: true }, "sdk ordered sender", onAnswer),
    new SdkPublisher(stage, senders, streamed, "sdk publisher", onAnswer),
    ...[0, 1].map((nth) => new SdkReceiver(stage, consumers, sdkQueuePlace("pushed"), `sdk receiver ${nth}`)),
    new QueueReceiver(stage, queuePlace("pushed"), "pushed receiver"),
    new SdkReceiver(stage, consumers, sdkQueuePlace("pushed-ordered"), "sdk ordered receiver"),
  ]
}

/** Those who come through the SQS door. */
export function sqsWorkers(stage: Stage, account: SqsAccount): Worker[] {
  return [new SqsSender(stage, account, "sqs sender"), new SqsReceiver(stage, account, "sqs receiver")]
}

import { partitionOfKey } from "../core/bytes/murmur2.ts"
import type { Failure } from "../core/errors.ts"
import type { ShareDeadLetter } from "../core/group/settings.ts"
import { MAX_FORWARD_BATCH, MAX_FORWARD_BYTES, METADATA_TTL_MS } from "../core/limits.ts"
import { peekKey } from "../core/log/frame.ts"
import type { MoveRequest } from "../core/queue/commands.ts"
import { ok, type Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { OutboxStore } from "../store/outbox-store.ts"
import { type CatalogEntry, objectName } from "./contract.ts"
import type { ObjectEnv } from "./env.ts"

/** How the outbox names a target: a queue's object, a partition's, or a topic of which the partition is still to be found. */
const QUEUE = "queue:"
const PARTITION = "partition:"
const TOPIC = "topic:"

/** What the outbox calls the place where dead letters go. */
export function targetIn(namespace: string, deadLetter: ShareDeadLetter): string {
  switch (deadLetter.kind) {
    case "queue":
      return `${QUEUE}${objectName(namespace, deadLetter.queue, 0)}`
    case "topic":
      return `${TOPIC}${namespace}/${deadLetter.topic}`
  }
}

/**
 * Where dead letters go. One for a topic is written without knowing how many partitions that has, so it goes in two
 * steps: its partition is looked up and stored, and from then on it is carried there, again and again to the same one.
 */
export class DeadLetterTargets {
  readonly #env: ObjectEnv
  readonly #outbox: OutboxStore
  readonly #topics = new Map<string, { readonly partitions: number; readonly until: number }>()

  constructor(env: ObjectEnv, outbox: OutboxStore) {
    this.#env = env
    this.#outbox = outbox
  }

  /** Hands frames to their target. Answers the highest sequence that the target is done with. */
  async move(target: string, request: MoveRequest): Promise<Result<number, Failure>> {
    if (target.startsWith(QUEUE)) return this.#env.QUEUES.getByName(target.slice(QUEUE.length)).accept(request)
    if (target.startsWith(PARTITION)) {
      return this.#env.PARTITIONS.getByName(target.slice(PARTITION.length)).accept(request)
    }
    return this.#lookUp(target, request.seqs.at(-1) ?? 0)
  }

  /**
   * Forgets what a target has taken, up to `seq`; what was only looked up goes on to its partition. Call inside a
   * commit. Answers how many rows the outbox lost.
   */
  taken(target: string, seq: number): number {
    if (!target.startsWith(TOPIC)) return this.#outbox.taken(target, seq)
    const known = this.#topics.get(target)
    if (!known) return 0
    const { namespace, topic } = partsOf(target)
    for (const row of this.#outbox.oldest(target, MAX_FORWARD_BATCH, MAX_FORWARD_BYTES)) {
      if (row.seq > seq) break
      const key = peekKey(row.frame)?.key ?? null
      const partition = key === null ? 0 : partitionOfKey(key, known.partitions)
      this.#outbox.redirect(row.seq, `${PARTITION}${objectName(namespace, topic, partition)}`)
    }
    return 0
  }

  async #lookUp(target: string, seq: number): Promise<Result<number, Failure>> {
    if ((this.#topics.get(target)?.until ?? 0) > Date.now()) return ok(seq)
    const { namespace, topic } = partsOf(target)
    const entry: Result<CatalogEntry<TopicSettings>, Failure> = await this.#env.CATALOG.getByName(namespace).getTopic(
      topic,
    )
    if (!entry.ok) return entry
    this.#topics.set(target, { partitions: entry.value.settings.partitions, until: Date.now() + METADATA_TTL_MS })
    return ok(seq)
  }
}

function partsOf(target: string): { readonly namespace: string; readonly topic: string } {
  const [namespace = "", topic = ""] = target.slice(TOPIC.length).split("/")
  return { namespace, topic }
}

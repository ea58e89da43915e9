import { DETACHED } from "../../../src/core/delivery/types.ts"
import type { Failure } from "../../../src/core/errors.ts"
import type { Delivery } from "../../../src/core/log/types.ts"
import type { ProducerReply, QueueStatistics, SendResult, Settlement } from "../../../src/core/queue/commands.ts"
import type { QueueConsumer } from "../../../src/core/queue/delivering.ts"
import type { ProducerBatch } from "../../../src/core/producers/producer-state.ts"
import type { Queue } from "../../../src/core/queue/queue.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../src/core/queue/settings.ts"
import type { Result } from "../../../src/core/result.ts"
import { migrate } from "../../../src/store/migrations.ts"
import { QueueStore } from "../../../src/store/queue-store.ts"
import { NodeDatabase } from "../../support/node-database.ts"
import {
  batchOf,
  decodedFrame,
  type Forwarded,
  IDENTITY,
  type Outgoing,
  type Receipt,
  receiptOf,
  type Received,
  received,
} from "./scene-messages.ts"

/** Messages pushed to a subscription. */
export interface Pushed {
  readonly consumer: number
  readonly messages: readonly Received[]
}

type Wanted = Partial<{ maxMessages: number; visibilityTimeoutMs: number; attemptId: string }>

/**
 * A queue on the real store over `node:sqlite`, committed as the object does it: the commands, what is due,
 * the subscriptions, the write. A command is a commit of its own unless it runs inside `together` or `crash`.
 */
export class QueueScene {
  readonly database = new NodeDatabase()
  store = new QueueStore(this.database)
  /** Called in every commit between what is due and the subscriptions. */
  afterExpiry: () => void = () => {}
  settings: QueueSettings
  queue: Queue
  #isTogether = false
  #attached: QueueConsumer[] = []
  readonly #pushed: Pushed[] = []

  private constructor(settings: QueueSettings) {
    migrate(this.database, "queue", 0)
    this.settings = settings
    this.queue = this.store.load(IDENTITY, settings, () => 0.5)
  }

  static create(settings: Partial<QueueSettings> = {}): QueueScene {
    return new QueueScene({ ...DEFAULT_QUEUE_SETTINGS, ...settings })
  }

  /** Runs commands as one commit. */
  together<T>(now: number, body: () => T): T {
    return this.database.transaction(() => {
      const result = this.#collect(body)
      this.queue.expire(now)
      this.afterExpiry()
      for (const { consumer, deliveries } of this.queue.serve(now)) {
        this.#pushed.push({ consumer, messages: deliveries.map(received) })
      }
      this.store.write(this.queue.takeChanges(this.store.nextSeq(), now))
      this.#attach()
      return result
    })
  }

  /** A commit with no command in it, as the alarm makes it. */
  alarm(now: number): void {
    this.together(now, () => {})
  }

  /** Runs the alarm at every deadline up to `until`; fails where one does not move on. */
  alarmsUntil(until: number, maxAlarms = 1000): void {
    for (let count = 0; ; count++) {
      const at = this.queue.nextDeadlineAt
      if (at === null || at > until) return
      if (count === maxAlarms) throw new Error(`the deadline stays at ${at}`)
      this.alarm(at)
    }
  }

  /** Runs commands that are lost with the memory before they are written. */
  crash(now: number, body: () => void = () => {}): void {
    const lost = new Error("lost")
    try {
      this.database.transaction(() => {
        this.#collect(body)
        this.queue.expire(now)
        this.queue.serve(now)
        this.store.write(this.queue.takeChanges(this.store.nextSeq(), now))
        throw lost
      })
    } catch (error) {
      if (error !== lost) throw error
    }
    this.reload()
  }

  /** Throws the memory away and loads what is stored; subscriptions live on, as their sockets do. */
  reload(): void {
    // the store remembers too: a crash throws it away with the rest
    this.store = new QueueStore(this.database)
    this.queue = this.store.load(IDENTITY, this.settings, () => 0.5)
    for (const consumer of this.#attached) this.queue.consumers.add({ ...consumer })
  }

  /** Frees the database. */
  close(): void {
    this.database.close()
  }

  /** Runs a command as a commit of its own, unless others are being collected. */
  command<T>(now: number, body: () => T): T {
    return this.#isTogether ? body() : this.together(now, body)
  }

  configure(patch: Partial<QueueSettings>): void {
    this.settings = { ...this.settings, ...patch }
    this.queue.configure(this.settings)
  }

  send(messages: readonly Outgoing[], now: number): Result<readonly SendResult[], Failure> {
    const batch = batchOf(messages, this.settings.dedupScope)
    return this.command(now, () => this.queue.send(batch, now))
  }

  /** Sends as a producer. */
  sendBy(producer: ProducerBatch, messages: readonly Outgoing[], now: number): Result<ProducerReply, Failure> {
    const batch = batchOf(messages, this.settings.dedupScope)
    return this.command(now, () => this.queue.sendBy(producer, batch, now))
  }

  /** Sends what must be taken, and answers the ids. */
  sent(messages: readonly Outgoing[], now: number): readonly number[] {
    const result = this.send(messages, now)
    if (!result.ok) throw new Error(result.error.code)
    return result.value.map((one) => {
      if (typeof one !== "number") throw new Error(one.code)
      return one
    })
  }

  /** Takes frames of another queue, under sequences from `firstSeq` on; answers the highest taken. */
  accept(messages: readonly Outgoing[], firstSeq: number, now: number, source = "ns/other/0"): number {
    const batch = batchOf(messages, this.settings.dedupScope)
    const seqs = messages.map((_, index) => firstSeq + index)
    return this.command(now, () => {
      const seq = this.store.outbox.takenFrom(source, 1)
      return this.queue.accept(batch, seqs, { name: source, incarnation: 1, seq })
    })
  }

  /** Receives over HTTP; a failure throws its code. */
  receive(wanted: Wanted, now: number): readonly Received[] {
    const result = this.tryReceive(wanted, now)
    if (!result.ok) throw new Error(result.error.code)
    return result.value.map(received)
  }

  tryReceive(wanted: Wanted, now: number): Result<readonly Delivery[], Failure> {
    const { maxMessages = 10, visibilityTimeoutMs = null, attemptId = null } = wanted
    return this.command(now, () => this.queue.receive({ maxMessages, visibilityTimeoutMs, attemptId }, now))
  }

  ack(receipt: Receipt, now: number): string | null {
    return this.settle({ kind: "ack", receipt: receiptOf(receipt) }, now)
  }

  nack(
    receipt: Receipt,
    now: number,
    options: Partial<{ delayMs: number | null; fault: boolean; error: string }> = {},
  ): string | null {
    const { delayMs = null, fault = true, error = null } = options
    return this.settle({ kind: "nack", receipt: receiptOf(receipt), delayMs, fault, error }, now)
  }

  reject(receipt: Receipt, now: number, error: string | null = null): string | null {
    return this.settle({ kind: "reject", receipt: receiptOf(receipt), error }, now)
  }

  extend(receipt: Receipt, visibilityTimeoutMs: number, now: number): string | null {
    return this.settle({ kind: "extend", receipt: receiptOf(receipt), visibilityTimeoutMs }, now)
  }

  /** The code of the failure, or null. */
  settle(settlement: Settlement, now: number): string | null {
    return this.command(now, () => this.queue.settle(settlement, now)?.code ?? null)
  }

  /** Adds a subscription; what it gets is in `takePushed`. */
  subscribe(consumer: Partial<QueueConsumer> & { readonly id: number }, now: number): void {
    const { id } = consumer
    const begun = { holder: id, joinedAt: now, visibilityTimeoutMs: null, attemptId: null }
    const credit = { grantedMessages: 1000, grantedBytes: 1_000_000, sentMessages: 0, sentBytes: 0 }
    this.command(now, () => this.queue.consumers.add({ ...begun, ...credit, ...consumer }))
  }

  /** Gives a subscription that many more messages. */
  grant(id: number, messages: number, now: number): void {
    this.command(now, () => {
      const consumer = this.queue.consumers.find(id)
      if (consumer) consumer.grantedMessages += messages
    })
  }

  /** Ends a subscription; what it holds goes back, unless it is a waiting HTTP receive. */
  unsubscribe(id: number, now: number): void {
    this.command(now, () => {
      const consumer = this.queue.consumers.find(id)
      if (consumer && consumer.holder !== DETACHED) this.queue.giveBack(id, now)
      this.queue.consumers.remove(id)
    })
  }

  /** What was pushed since the last call. */
  takePushed(): readonly Pushed[] {
    return this.#pushed.splice(0)
  }

  /** What waits for other queues, oldest first. */
  outbox(): readonly Forwarded[] {
    const { outbox } = this.store
    const rows = outbox.targets().flatMap((target) => outbox.oldest(target, 100_000))
    return rows
      .sort((a, b) => a.seq - b.seq)
      .map(({ seq, target, frame }) => {
        const { body, groupId, headers } = decodedFrame(frame)
        return { seq, target, body, groupId, headers }
      })
  }

  /** The target has taken everything up to `seq`. */
  forward(target: string, seq: number, now: number): void {
    this.command(now, () => this.queue.forwarded(this.store.outbox.taken(target, seq)))
  }

  statistics(now: number): QueueStatistics {
    return this.queue.statistics(now)
  }

  /** Rows of one of the queue's tables. */
  rowsIn(
    table: "log" | "delivery_page" | "delivery_ring" | "scheduled" | "dedup" | "receive_attempt" | "producer",
  ): number {
    const [row] = this.database.all<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)
    return row!.count
  }

  /** Rows inserted, updated and deleted so far, entries of indexes not counted. */
  get rowsWritten(): number {
    const [row] = this.database.all<{ changes: number }>("SELECT total_changes() AS changes")
    return row!.changes
  }

  #collect<T>(body: () => T): T {
    this.#isTogether = true
    try {
      return body()
    } finally {
      this.#isTogether = false
    }
  }

  #attach(): void {
    this.#attached = this.queue.consumers.all.map((consumer) => ({ ...consumer }))
  }
}

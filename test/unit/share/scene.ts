import type { Failure } from "../../../src/core/errors.ts"
import { decodeFrame } from "../../../src/core/log/frame.ts"
import type { Result } from "../../../src/core/result.ts"
import type { OffsetReset } from "../../../src/core/stream/group-commands.ts"
import type {
  ShareReceiveRequest,
  ShareSettings,
  ShareSettlement,
  ShareStatistics,
  ShareTerms,
} from "../../../src/core/stream/share/commands.ts"
import type { ShareConsumer } from "../../../src/core/stream/share/share.ts"
import {
  DEFAULT_SHARE_SETTINGS,
  type Forwarded,
  INCARNATION,
  PARTITION,
  type Received,
  receivedFrom,
  shortOutcome,
} from "./scene-records.ts"
import { SharedPartition } from "./shared-partition.ts"

const decoder = new TextDecoder()

/** The share groups of a partition, by name. */
export class ShareScene extends SharedPartition {
  readonly #terms = new Map<string, ShareTerms>()

  /** Begins a share group; it reads from the log start unless it says otherwise. */
  open(
    group: string,
    settings: Partial<ShareSettings> = {},
    reset: OffsetReset = "earliest",
    generation = 1,
  ): Result<ShareStatistics, Failure> {
    const terms = { group, generation, version: 1, settings: { ...DEFAULT_SHARE_SETTINGS, ...settings } }
    this.#terms.set(group, terms)
    return this.command(() => this.shares.open({ ...terms, reset }, this.now))
  }

  /** What callers of a group say from now on. */
  change(group: string, settings: Partial<ShareSettings>): void {
    const terms = this.termsOf(group)
    this.#terms.set(group, { ...terms, version: terms.version + 1, settings: { ...terms.settings, ...settings } })
  }

  termsOf(group: string): ShareTerms {
    const terms = this.#terms.get(group)
    if (!terms) throw new Error(`${group} was never opened`)
    return terms
  }

  forget(group: string, generation = 1): void {
    this.command(() => this.shares.forget(group, generation))
  }

  /** Receives as an HTTP request does; a failure throws its code. */
  receive(group: string, maxMessages = 10, options: Partial<ShareReceiveRequest> = {}): Received[] {
    const request = { maxMessages, lockDurationMs: null, ...options }
    const received = this.command(() => this.shares.receive(this.termsOf(group), request, this.now))
    if (!received.ok) throw new Error(received.error.code)
    return received.value.map(receivedFrom)
  }

  ack(group: string, ...records: readonly Received[]): string[] {
    return this.settle(
      group,
      ...records.map((record) => ({ kind: "ack", receipt: this.receipt(group, record) }) as const),
    )
  }

  nack(
    group: string,
    record: Received,
    options: Partial<{ delayMs: number; fault: boolean; error: string; count: number }> = {},
  ): string {
    const { delayMs = null, fault = true, error = null, count = 1 } = options
    return this.settle(group, { kind: "nack", receipt: this.receipt(group, record, count), delayMs, fault, error })[0]!
  }

  reject(group: string, record: Received, error: string | null = null, count = 1): string {
    return this.settle(group, { kind: "reject", receipt: this.receipt(group, record, count), error })[0]!
  }

  extend(group: string, record: Received, lockDurationMs: number): string {
    return this.settle(group, { kind: "extend", receipt: this.receipt(group, record), lockDurationMs })[0]!
  }

  /** An outcome each: `settled/expired`, or the code of a refusal. */
  settle(group: string, ...settlements: readonly ShareSettlement[]): string[] {
    const settled = this.command(() => this.shares.settle(this.termsOf(group), settlements, this.now))
    if (!settled.ok) throw new Error(settled.error.code)
    return settled.value.map(shortOutcome)
  }

  receipt(
    group: string,
    { offset, attempt }: Pick<Received, "offset" | "attempt">,
    count = 1,
  ): ShareSettlement["receipt"] {
    const share = this.shares.find(this.termsOf(group))
    const state = { stateId: share?.id ?? 0, stateGeneration: share?.generation ?? 0 }
    return { incarnation: INCARNATION, shard: PARTITION, ...state, offset, attempt, count }
  }

  statistics(group: string): ShareStatistics {
    const statistics = this.shares.statistics(this.termsOf(group))
    if (!statistics.ok) throw new Error(statistics.error.code)
    return statistics.value
  }

  /** Adds a subscription; what it gets is in `takePushed`. */
  subscribe(group: string, id: number, wanted: Partial<ShareConsumer> = {}): void {
    this.command(() => {
      const share = this.shares.find(this.termsOf(group))
      if (!share) throw new Error("share_not_open")
      const credit = { grantedMessages: 1000, grantedBytes: 1_000_000, sentMessages: 0, sentBytes: 0 }
      const consumer = { id, share: share.id, holder: id, lockDurationMs: null, ...credit, ...wanted }
      this.shares.consumers.add(consumer)
      this.attached.push(consumer)
    })
  }

  /** Ends a subscription; what it holds goes back. */
  unsubscribe(id: number): void {
    this.command(() => {
      this.shares.giveBack(id, this.now)
      this.shares.consumers.remove(id)
    })
  }

  /** Gives a subscription that many more records. */
  grant(id: number, records: number): void {
    this.command(() => {
      const consumer = this.shares.consumers.find(id)
      if (consumer) consumer.grantedMessages += records
    })
  }

  /** What waits for other objects, oldest first. */
  outbox(): Forwarded[] {
    const outbox = this.moves
    const rows = outbox.targets().flatMap((target) => outbox.oldest(target, 100_000))
    return rows
      .sort((a, b) => a.seq - b.seq)
      .map(({ seq, target, frame }) => {
        const { value, key, headers } = decodeFrame(frame)
        const named = headers.map(({ name, value: text }) => [decoder.decode(name), decoder.decode(text)] as const)
        const keyText = key && decoder.decode(key)
        return { seq, target, body: decoder.decode(value), key: keyText, headers: Object.fromEntries<string>(named) }
      })
  }

  /** The target has taken everything up to `seq`. */
  forward(target: string, seq: number): void {
    this.command(() => this.shares.forwarded(this.moves.taken(target, seq)))
  }
}

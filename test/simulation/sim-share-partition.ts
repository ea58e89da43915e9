import type { Failure } from "../../src/core/errors.ts"
import type { AppendRow } from "../../src/core/log/append.ts"
import { decodeFrame } from "../../src/core/log/frame.ts"
import { ok, type Result } from "../../src/core/result.ts"
import type {
  ShareOutcome,
  ShareSettlement,
  ShareStatistics,
  ShareTerms,
} from "../../src/core/stream/share/commands.ts"
import type { ShareLog } from "../../src/core/stream/share/share-log.ts"
import type { Shares } from "../../src/core/stream/share/shares.ts"
import type { TopicSettings } from "../../src/core/stream/settings.ts"
import { OutboxStore } from "../../src/store/outbox-store.ts"
import { ShareStore } from "../../src/store/share-store.ts"
import type { ShareFault } from "./faults.ts"
import { Crash } from "./network.ts"
import type { Random } from "./random.ts"
import type { Scheduler } from "./scheduler.ts"
import type { Handed, ShareLedger } from "./share-ledger.ts"
import { type PartitionWorld, SimPartition } from "./sim-partition.ts"

const decoder = new TextDecoder()
/** A lock that ends at once, where locks are to end early. */
const NO_LOCK_MS = 1

/** What a partition with share groups needs besides. */
export interface SharePartitionWorld {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly shares: ShareLedger
  readonly shareFault: ShareFault | null
  readonly terms: ShareTerms
}

/** A partition with a share group: committed, reloaded and woken as its object does it. */
export class SimSharePartition extends SimPartition {
  readonly #sharing: SharePartitionWorld
  #store: ShareStore
  #shares: Shares
  #log: ShareLog
  #alarm = 0

  constructor(
    world: PartitionWorld,
    sharing: SharePartitionWorld,
    topic: string,
    index: number,
    settings: TopicSettings,
  ) {
    super(world, topic, index, settings, 1)
    this.#sharing = sharing
    const { store, shares, log } = this.#loadShares()
    this.#store = store
    this.#shares = shares
    this.#log = log
  }

  get statistics(): ShareStatistics | null {
    const statistics = this.#shares.statistics(this.#sharing.terms)
    return statistics.ok ? statistics.value : null
  }

  override restart(): void {
    super.restart()
    const { store, shares, log } = this.#loadShares()
    this.#store = store
    this.#shares = shares
    this.#log = log
    this.#arm()
  }

  open(): Result<null, Failure> {
    const { terms, shareFault } = this.#sharing
    const ordering = shareFault === "keys out of order" ? "none" : terms.settings.ordering
    const settings = { ...terms.settings, ordering }
    const opened = this.commit((_, now) => this.#shares.open({ ...terms, settings, reset: "earliest" }, now))
    return opened.ok ? ok(null) : opened
  }

  /** Locks records; their receipts name the group's state. */
  receive(
    maxMessages: number,
    lockDurationMs: number,
  ): Result<{ handed: readonly Handed[]; stateId: number }, Failure> {
    const { shareFault, shares: ledger } = this.#sharing
    const lockMs = shareFault === "locks end early" ? NO_LOCK_MS : lockDurationMs
    const now = this.world.now()
    return this.commit(
      () => {
        const received = this.#shares.receive(this.#terms, { maxMessages, lockDurationMs: lockMs }, now)
        if (!received.ok) return received
        const handed = received.value.map(({ offset, attempt, deliveryCount, frame }): Handed => {
          const { key, value } = decodeFrame(frame)
          return { offset, attempt, deliveryCount, key: decoder.decode(key!), number: Number(decoder.decode(value)) }
        })
        return ok({ handed, stateId: this.#shares.find(this.#terms)!.id })
      },
      (received) => {
        ledger.expire(this.name, now, this.startOffset)
        if (received.ok) ledger.handedOut(this.name, received.value.handed, now + lockDurationMs, now, this.startOffset)
      },
    )
  }

  settle(settlements: readonly ShareSettlement[]): Result<readonly ShareOutcome[], Failure> {
    const now = this.world.now()
    const { shareFault, shares: ledger } = this.#sharing
    const isForgotten = shareFault === "acknowledgement forgotten"
    const done = isForgotten ? settlements.filter(({ kind }) => kind !== "ack") : settlements
    if (isForgotten && done.length < settlements.length) {
      for (const settlement of settlements)
        if (settlement.kind === "ack") ledger.settled(this.name, settlement, true, now)
    }
    const asked = shareFault === "attempts not compared" ? done.map((settlement) => this.#current(settlement)) : done
    return this.commit(
      () => this.#shares.settle(this.#terms, asked, now),
      (outcomes) => {
        if (!outcomes.ok) return
        for (const [index, outcome] of outcomes.value.entries()) {
          ledger.settled(this.name, done[index]!, "settled" in outcome && outcome.settled > 0, now)
        }
      },
    )
  }

  protected override settleMore(now: number): void {
    this.#shares.expire(now)
  }

  protected override writeMore(rows: readonly AppendRow[]): void {
    this.#log.written(rows)
    const changes = this.#shares.takeChanges(this.#store.nextSeq())
    if (changes) this.#store.write(changes)
    this.#arm()
  }

  protected override noteMore(now: number): void {
    this.#sharing.shares.expire(this.name, now, this.startOffset)
  }

  get #terms(): ShareTerms {
    const { terms, shareFault } = this.#sharing
    const settings = { ...terms.settings, maxDeliveries: null }
    return shareFault === "deliveries without limit" ? { ...terms, version: terms.version + 1, settings } : terms
  }

  /** A receipt as if it were of the newest attempt. */
  #current(settlement: ShareSettlement): ShareSettlement {
    const { receipt } = settlement
    const attempt = this.#sharing.shares.attemptOf(this.name, receipt.offset)
    return { ...settlement, receipt: { ...receipt, attempt } }
  }

  /** Wakes it when something is due. */
  #arm(): void {
    const dueAt = this.#shares.nextDeadlineAt
    const alarm = ++this.#alarm
    if (dueAt === null) return
    // a deadline that stays is looked at again a moment later, as by the object
    this.#sharing.scheduler.at(Math.max(dueAt, this.world.now() + 1), () => {
      if (alarm !== this.#alarm) return
      try {
        this.commit(() => null)
      } catch (error) {
        if (!(error instanceof Crash)) throw error
      }
    })
  }

  #loadShares() {
    const { partition, log: rows } = this.loaded
    const store = new ShareStore(this.database, rows, new OutboxStore(this.database))
    const identity = { topic: this.name.split("/")[0]!, incarnation: 1, partition: this.index, targetOf: () => "dead" }
    return { store, ...store.load(identity, partition, () => this.#sharing.random.next()) }
  }
}

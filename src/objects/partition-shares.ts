import type { Failure } from "../core/errors.ts"
import type { ShareDeadLetter } from "../core/group/settings.ts"
import type { AppendRow } from "../core/log/append.ts"
import { encodeDeliveries } from "../core/log/delivered.ts"
import type { MoveRequest } from "../core/queue/commands.ts"
import { err, ok, type Result } from "../core/result.ts"
import { MovedIn } from "../core/stream/moved-in.ts"
import type { Partition } from "../core/stream/partition.ts"
import type {
  ShareOpenRequest,
  ShareOutcome,
  ShareReceiveReply,
  ShareReceiveRequest,
  ShareSettlement,
  ShareStatistics,
  ShareTerms,
} from "../core/stream/share/commands.ts"
import type { ShareLog } from "../core/stream/share/share-log.ts"
import type { Shares } from "../core/stream/share/shares.ts"
import type { ToObject } from "../protocol/internal/frames.ts"
import type { Database } from "../store/database.ts"
import type { LogStore } from "../store/log-store.ts"
import { OutboxStore } from "../store/outbox-store.ts"
import { ShareStore } from "../store/share-store.ts"
import type { PartitionShareApi } from "./contract.ts"
import { DeadLetterTargets, targetIn } from "./dead-letter-targets.ts"
import type { ObjectEnv } from "./env.ts"
import { Forwarder } from "./forwarder.ts"
import type { PartitionCommands } from "./partition-groups.ts"
import { decodeBatch } from "./queue-operations.ts"
import {
  endSubscriptions,
  sendSharePushes,
  settleShare,
  type ShareSocketContext,
  subscribeToShare,
} from "./share-operations.ts"
import { type ShareSubscription, ShareSubscriptions } from "./share-subscriptions.ts"
import type { SocketOutbox } from "./socket-outbox.ts"

/** What the share groups need of their partition's object. */
export interface PartitionSharesHost {
  readonly database: Database
  readonly log: LogStore
  readonly outbox: SocketOutbox
  readonly env: ObjectEnv
  readonly commands: PartitionCommands
  /** The object's own name, and what it is made of. */
  readonly identity: () => { readonly id: string; readonly namespace: string; readonly name: string }
  /** Keeps the object alive while a call is under way. */
  readonly waitUntil: (work: Promise<void>) => void
  /** Tells the object that its next deadline may have changed. */
  readonly rearm: () => void
}

interface Loaded {
  readonly partition: Partition
  readonly shares: Shares
  readonly log: ShareLog
}

/** What a partition's object does for share groups: their commands, their sockets, and what leaves and comes as dead letters. */
export class PartitionShares implements PartitionShareApi {
  readonly #host: PartitionSharesHost
  readonly #store: ShareStore
  readonly #moves: OutboxStore
  readonly #moved = new MovedIn()
  readonly #targets: DeadLetterTargets
  readonly #forwarder: Forwarder
  #subscriptions = new ShareSubscriptions()
  #loaded: Loaded | null = null

  constructor(host: PartitionSharesHost) {
    this.#host = host
    this.#moves = new OutboxStore(host.database)
    this.#store = new ShareStore(host.database, host.log, this.#moves)
    this.#targets = new DeadLetterTargets(host.env, this.#moves)
    this.#forwarder = this.#makeForwarder()
  }

  /** Builds everything from storage, and takes over the sockets that outlived the memory. */
  load(partition: Partition, sockets: readonly WebSocket[], now: number): void {
    const { namespace, name } = this.#host.identity()
    const { incarnation, index } = partition
    const targetOf = (deadLetter: ShareDeadLetter): string => targetIn(namespace, deadLetter)
    const identity = { topic: name, incarnation, partition: index, targetOf }
    this.#loaded = { partition, ...this.#store.load(identity, partition, Math.random) }
    this.#subscriptions = new ShareSubscriptions()
    this.#subscriptions.restore(sockets, this.#loaded.shares, now)
  }

  /** Lets go of everything after the object was destroyed. */
  dispose(): void {
    this.#loaded = null
    this.#subscriptions = new ShareSubscriptions()
    this.#moved.take()
  }

  async shareOpen(version: number, request: ShareOpenRequest): Promise<Result<ShareStatistics, Failure>> {
    return this.#host.commands.request(version, (_, now) => this.#shares.open(request, now))
  }

  async shareReceive(
    version: number,
    terms: ShareTerms,
    request: ShareReceiveRequest,
  ): Promise<Result<ShareReceiveReply, Failure>> {
    return this.#host.commands.request(version, ({ incarnation }, now) => {
      const received = this.#shares.receive(terms, request, now)
      const share = this.#shares.find(terms)
      if (!received.ok || !share) return err({ code: "share_not_open" })
      const deliveries = encodeDeliveries(received.value)
      return ok({ incarnation, stateId: share.id, stateGeneration: share.generation, deliveries })
    })
  }

  async shareSettle(
    version: number,
    terms: ShareTerms,
    settlements: readonly ShareSettlement[],
  ): Promise<Result<readonly ShareOutcome[], Failure>> {
    return this.#host.commands.request(version, (_, now) => this.#shares.settle(terms, settlements, now))
  }

  async shareStatistics(version: number, terms: ShareTerms): Promise<Result<ShareStatistics, Failure>> {
    return this.#host.commands.look(version, () => this.#shares.statistics(terms))
  }

  async accept(move: MoveRequest): Promise<Result<number, Failure>> {
    const batch = decodeBatch(move.submissions)
    if (!batch) return err({ code: "invalid_request", detail: "damaged batch" })
    const { source: name, sourceIncarnation: incarnation } = move
    return this.#host.commands.commit((partition, now) => {
      const seq = this.#moves.takenFrom(name, incarnation)
      return this.#moved.accept(partition, batch, move.seqs, { name, incarnation, seq }, now)
    })
  }

  /** Forgets a share group that was deleted, of this generation or an older one; inside a commit. */
  forget(group: string, generation: number): void {
    this.#shares.forget(group, generation)
  }

  /** Whether a subscription of a socket is one of a share group. */
  has(socket: WebSocket, sub: number): boolean {
    return this.#subscriptions.consumerOf(socket, sub, this.#shares) !== null
  }

  /** How many subscriptions of share groups a socket has here. */
  countOf(socket: WebSocket): number {
    return this.#subscriptions.countOf(socket)
  }

  subscribe(socket: WebSocket, operation: Extract<ToObject, { type: "subscribe-share" }>, now: number): void {
    subscribeToShare(this.#context, socket, operation, this.#engine.partition.incarnation, now)
  }

  settleFrame(socket: WebSocket, operation: Extract<ToObject, { type: "settle-share" }>, now: number): void {
    settleShare(this.#context, socket, operation, now)
  }

  credit(socket: WebSocket, { sub, grantedMessages, grantedBytes }: Extract<ToObject, { type: "credit" }>): void {
    const consumer = this.#subscriptions.consumerOf(socket, sub, this.#shares)
    if (!consumer) return
    consumer.grantedMessages = Math.max(consumer.grantedMessages, grantedMessages)
    consumer.grantedBytes = Math.max(consumer.grantedBytes, grantedBytes)
    this.#subscriptions.touch(consumer.id)
  }

  /** Nothing more is to be delivered to a subscription. */
  drain(socket: WebSocket, sub: number): void {
    const consumer = this.#subscriptions.consumerOf(socket, sub, this.#shares)
    if (!consumer) return
    this.#subscriptions.drain(consumer)
    this.#host.outbox.add(socket, { type: "drained", sub })
  }

  unsubscribe(socket: WebSocket, sub: number, now: number): void {
    const consumer = this.#subscriptions.consumerOf(socket, sub, this.#shares)
    if (consumer) this.#subscriptions.remove(consumer.id, this.#shares, now)
  }

  /** The client said goodbye: what its subscriptions hold goes back at once. */
  bye(socket: WebSocket, now: number): void {
    this.#subscriptions.removeAll(socket, this.#shares, now)
  }

  /** A socket broke: what its subscriptions hold waits for the grace. Call inside a commit. */
  orphan(socket: WebSocket, now: number): void {
    this.#subscriptions.orphan(socket, this.#shares, now)
  }

  /** Does what is due. */
  settle(now: number): void {
    const { shares } = this.#engine
    this.#subscriptions.releaseOrphans(shares, now)
    shares.expire(now)
  }

  /**
   * Locks records for whoever waits, those included that stand in `rows`, which are stored by now; and writes what the
   * commit changed. Answers whether there was anything.
   */
  write(rows: readonly AppendRow[], now: number): boolean {
    const { shares, log } = this.#engine
    log.written(rows)
    sendSharePushes(this.#context, shares.serve(now))
    endSubscriptions(this.#context, shares.takeEnded(), now)
    const hasLeftover = shares.leftover !== null
    const changes = shares.takeChanges(this.#store.nextSeq())
    if (changes) this.#store.write(changes)
    const taken = this.#moved.take()
    for (const { source, incarnation, seq } of taken) this.#moves.take(source, incarnation, seq)
    if (hasLeftover) this.#store.sweep(shares)
    return changes !== null || taken.length > 0 || hasLeftover
  }

  /** Sends on what the commit moved. */
  afterCommit(now: number): void {
    if (this.#shares.forwarding > 0) this.#forwarder.start(now)
  }

  /** Earliest instant at which there is something to do, or null. */
  get nextDeadlineAt(): number | null {
    const { shares } = this.#engine
    const forwardAt = shares.forwarding > 0 ? this.#forwarder.nextLookAt : null
    const deadlines = [shares.nextDeadlineAt, this.#subscriptions.nextGraceAt, forwardAt]
    const known = deadlines.filter((at) => at !== null)
    return known.length > 0 ? Math.min(...known) : null
  }

  /** Sockets of which the attachment is to be written. */
  takeChanged(): readonly WebSocket[] {
    return this.#subscriptions.takeChanged()
  }

  /** What a socket's attachment has to say of share groups. */
  keptOf(socket: WebSocket): readonly ShareSubscription[] {
    return this.#subscriptions.keptOf(socket, this.#shares)
  }

  get #engine(): Loaded {
    if (!this.#loaded) throw new Error("the partition is not loaded")
    return this.#loaded
  }

  get #shares(): Shares {
    return this.#engine.shares
  }

  get #context(): ShareSocketContext {
    return { shares: this.#shares, subscriptions: this.#subscriptions, outbox: this.#host.outbox }
  }

  #makeForwarder(): Forwarder {
    const { commands, identity, waitUntil, rearm } = this.#host
    return new Forwarder({
      source: () => ({ name: identity().id, incarnation: this.#engine.partition.incarnation }),
      outbox: this.#moves,
      move: (target, request) => this.#targets.move(target, request),
      taken: async (target, seq, incarnation) => {
        const forgotten = await commands.commit((partition) => {
          if (partition.incarnation !== incarnation) return ok(false)
          this.#shares.forwarded(this.#targets.taken(target, seq))
          return ok(true)
        })
        return forgotten.ok && forgotten.value
      },
      waitUntil,
      rearm,
    })
  }
}

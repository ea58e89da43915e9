import type { Failure } from "../core/errors.ts"
import { encodeDeliveries } from "../core/log/delivered.ts"
import type { Queue } from "../core/queue/queue.ts"
import { type QueueSettings, withDefaults } from "../core/queue/settings.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { Framed, ToObject } from "../protocol/internal/frames.ts"
import type { Identity } from "../store/identity-store.ts"
import { QueueStore } from "../store/queue-store.ts"
import { BrokerObject } from "./broker-object.ts"
import type {
  MoveRequest,
  QueueStatistics,
  ReceiveReply,
  ReceiveRequest,
  SendReply,
  SettleReply,
  Settlement,
} from "../core/queue/commands.ts"
import type {
  BrowsedMessage,
  BrowseReply,
  BrowseRequest,
  PurgeReply,
  PurgeRequest,
  Redrive,
  RedriveRequest,
  ResendRequest,
} from "../core/queue/operator/commands.ts"
import { type CatalogEntry, type CatalogStep, objectName, type QueueApi } from "./contract.ts"
import { Forwarder } from "./forwarder.ts"
import { applyToQueue, decodeBatch, sendPushes } from "./queue-operations.ts"
import { completeReceive, completeSettlement } from "./older-callers.ts"
import { QueueOperator } from "./queue-operator.ts"
import { QueueSubscriptions } from "./queue-subscriptions.ts"
import { SocketOutbox } from "./socket-outbox.ts"
import { closeSockets } from "./sockets.ts"

/** Commits between two looks at the size of the database: they cannot add up to what its limit leaves free. */
const LOOK_AT_SIZE_EVERY = 16

/** One queue, or one shard of a queue. */
export class QueueObject extends BrokerObject<Queue, QueueSettings> implements QueueApi {
  protected readonly resource = "queue"
  protected readonly kind = "queue"
  readonly #store = new QueueStore(this.database, this.damage)
  readonly #outbox = new SocketOutbox()
  readonly #forwarder = this.#makeForwarder()
  readonly #operator = new QueueOperator((version, command) => this.request(version, command))
  #subscriptions = new QueueSubscriptions()

  async statistics(version: number): Promise<Result<QueueStatistics, Failure>> {
    return this.request(version, (queue, now) => ok(queue.statistics(now)))
  }

  async send(version: number, submissions: Uint8Array): Promise<Result<SendReply, Failure>> {
    const batch = decodeBatch(submissions)
    if (!batch) return err({ code: "invalid_request", detail: "damaged batch" })
    return this.request(version, (queue, now) => {
      const sent = queue.send(batch, now)
      return sent.ok ? ok({ incarnation: this.incarnation, results: sent.value }) : sent
    })
  }

  async receive(version: number, request: ReceiveRequest): Promise<Result<ReceiveReply, Failure>> {
    return this.request(version, (queue, now) => {
      const received = queue.receive(completeReceive(request), now)
      if (!received.ok) return received
      const isFull = received.value.length === 0 && queue.isFull
      return ok({ incarnation: this.incarnation, deliveries: encodeDeliveries(received.value), isFull })
    })
  }

  async settle(version: number, settlements: readonly Settlement[]): Promise<Result<SettleReply, Failure>> {
    return this.request(version, (queue, now) =>
      ok(settlements.map((each) => queue.settle(completeSettlement(each), now))),
    )
  }

  async accept(move: MoveRequest): Promise<Result<number, Failure>> {
    const batch = decodeBatch(move.submissions)
    if (!batch) return err({ code: "invalid_request", detail: "damaged batch" })
    const { source: name, sourceIncarnation: incarnation } = move
    return this.commit((queue) => {
      const seq = this.#store.outbox.takenFrom(name, incarnation)
      return ok(queue.accept(batch, move.seqs, { name, incarnation, seq }))
    })
  }

  async browse(version: number, request: BrowseRequest): Promise<Result<BrowseReply, Failure>> {
    return this.#operator.browse(version, request)
  }

  async find(
    version: number,
    messageId: number,
  ): Promise<Result<BrowsedMessage & { readonly incarnation: number }, Failure>> {
    return this.#operator.find(version, messageId)
  }

  async remove(version: number, messageId: number): Promise<Result<null, Failure>> {
    return this.#operator.remove(version, messageId)
  }

  async resend(version: number, request: ResendRequest): Promise<Result<string, Failure>> {
    return this.#operator.resend(version, request)
  }

  async purge(version: number, request: PurgeRequest): Promise<Result<PurgeReply, Failure>> {
    return this.#operator.purge(version, request)
  }

  async startRedrive(version: number, request: RedriveRequest): Promise<Result<Redrive, Failure>> {
    return this.#operator.startRedrive(version, request)
  }

  async redrives(version: number): Promise<Result<readonly Redrive[], Failure>> {
    return this.#operator.redrives(version)
  }

  async cancelRedrive(version: number, no?: number): Promise<Result<Redrive, Failure>> {
    return this.#operator.cancelRedrive(version, no)
  }

  override webSocketClose(socket: WebSocket): void {
    this.#socketIsGone(socket)
    socket.close()
  }

  override webSocketError(socket: WebSocket): void {
    this.#socketIsGone(socket)
  }

  protected loadEngine(identity: Identity, settings: QueueSettings): Queue {
    const { namespace, name, index } = this.path
    const { incarnation } = identity
    const targetOf = (queue: string): string => objectName(namespace, queue, 0)
    const identified = { name, incarnation, shard: index, targetOf }
    const queue = this.#store.load(identified, withDefaults(settings), Math.random)
    const now = Date.now()
    this.#subscriptions = new QueueSubscriptions()
    this.#subscriptions.restore(this.ctx.getWebSockets(), queue, now)
    return queue
  }

  protected applySettings(queue: Queue, settings: QueueSettings): void {
    queue.configure(withDefaults(settings))
  }

  protected async fetchSettings(): Promise<CatalogStep<QueueSettings> | null> {
    const { namespace, name } = this.path
    const entry: Result<CatalogEntry<QueueSettings>, Failure> = await this.env.CATALOG.getByName(namespace).getQueue(
      name,
    )
    return entry.ok ? entry.value : null
  }

  protected applyFrame(socket: WebSocket, queue: Queue, frame: Framed<ToObject>, now: number): void {
    applyToQueue({ socket, queue, subscriptions: this.#subscriptions, outbox: this.#outbox }, frame, now)
  }

  protected settleCommit(queue: Queue, now: number): void {
    this.#subscriptions.releaseOrphans(queue, now)
    queue.expire(now)
    sendPushes(queue.serve(now), { subscriptions: this.#subscriptions, outbox: this.#outbox })
  }

  protected writeCommit(queue: Queue, now: number): boolean {
    if (this.commits % LOOK_AT_SIZE_EVERY === 0) queue.state.databaseBytes = this.ctx.storage.sql.databaseSize
    const changes = queue.takeChanges(this.#store.nextSeq(), now)
    return this.#store.write(changes)
  }

  protected afterCommit(queue: Queue, now: number): void {
    this.#subscriptions.save(queue)
    this.#outbox.flush()
    if (queue.state.forwarding > 0) this.#forwarder.start(now)
  }

  protected nextDeadlineAt(queue: Queue): number | null {
    const deadlines = [
      queue.nextDeadlineAt,
      this.#subscriptions.nextGraceAt,
      queue.state.forwarding > 0 ? this.#forwarder.nextLookAt : null,
    ]
    const known = deadlines.filter((at) => at !== null)
    return known.length > 0 ? Math.min(...known) : null
  }

  protected dispose(): void {
    closeSockets(this.ctx, this.notFound())
    this.#subscriptions = new QueueSubscriptions()
  }

  #socketIsGone(socket: WebSocket): void {
    this.enqueueAnyway({
      run: (engine, now) => {
        if (engine.ok) this.#subscriptions.orphan(socket, engine.value, now)
      },
      done: () => {},
    })
  }

  #makeForwarder(): Forwarder {
    return new Forwarder({
      source: () => ({ name: this.ctx.id.name ?? "", incarnation: this.incarnation }),
      outbox: this.#store.outbox,
      move: (target, request) => this.env.QUEUES.getByName(target).accept(request),
      taken: async (target, seq, incarnation) => {
        const forgotten = await this.commit((queue) => {
          if (this.incarnation !== incarnation) return ok(false)
          queue.forwarded(this.#store.outbox.taken(target, seq))
          return ok(true)
        })
        return forgotten.ok && forgotten.value
      },
      waitUntil: (work) => this.ctx.waitUntil(work),
      rearm: () => this.rearm(),
    })
  }
}

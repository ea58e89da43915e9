import { decodeSharedRecords, type DeliveredSharedRecord } from "../../protocol/native/wire-deliver-decode.ts"
import { type ConsumeOptions, DEFAULT_CONCURRENCY, DEFAULT_LEASE_MS } from "./consume-options.ts"
import type { HandlerContext, LeaseOptions, MessagesOptions } from "./consume-options.ts"
import { type Consumer, HandlerLoop } from "./handler-loop.ts"
import { Held } from "./held.ts"
import type { Lease } from "./lease.ts"
import { Leases } from "./leases.ts"
import { MAX_PREFETCH } from "./limits.ts"
import { messageLoop } from "./message-loop.ts"
import { roomOfEach } from "./rooms.ts"
import { followPartitions } from "./partition-count.ts"
import { readRecord, type TopicSource } from "./records.ts"
import type { SharedRecord } from "../share-group.ts"

/** What consumers of a share group do; see `ShareGroup`. */
export class SharedConsumers<Key = string, Value = unknown> {
  readonly group: string
  readonly #source: TopicSource<Key, Value>

  constructor(source: TopicSource<Key, Value>, group: string) {
    this.group = group
    this.#source = source
  }

  /** Options were checked. */
  consume(
    handler: (record: SharedRecord<Key, Value>, context: HandlerContext) => unknown,
    options: ConsumeOptions<SharedRecord<Key, Value>> = {},
  ): Consumer {
    const { concurrency = DEFAULT_CONCURRENCY, prefetch = Math.min(2 * concurrency, MAX_PREFETCH) } = options
    const leases = this.#openLeases(options, prefetch)
    return new HandlerLoop({ context: this.#source.context, leases, make: this.#make, handler, concurrency, options })
  }

  /** The records one by one. */
  messages(options: MessagesOptions = {}): AsyncIterableIterator<SharedRecord<Key, Value>> {
    const open = (prefetch: number): Leases<DeliveredSharedRecord> => this.#openLeases(options, prefetch)
    return messageLoop({ context: this.#source.context, open, make: this.#make, options })
  }

  /** Of all partitions, also of those that are added. */
  #openLeases(
    { visibilityTimeoutMs = DEFAULT_LEASE_MS, ordered = true }: LeaseOptions,
    prefetch: number,
  ): Leases<DeliveredSharedRecord> {
    const { context, name } = this.#source
    const target = { topic: name, share: this.group }
    const kind = { target, timeField: "lockDurationMs", decode: decodeSharedRecords, ordered } as const
    const leases = new Leases<DeliveredSharedRecord>(context.connection, kind, visibilityTimeoutMs)
    leases.onEnd = followPartitions(context.connection, name, {
      counted: (count) => addPartitions(leases, count, prefetch),
      failed: (error) => leases.fail(error),
    })
    return leases
  }

  readonly #make = async (
    leases: Leases<DeliveredSharedRecord>,
    lease: Lease<DeliveredSharedRecord>,
  ): Promise<SharedRecord<Key, Value>> => {
    const place = { topic: this.#source.name, partition: lease.source.place.partition! }
    return Object.assign(new Held(leases, lease), await readRecord(this.#source, place, lease.entry))
  }
}

function addPartitions(leases: Leases<DeliveredSharedRecord>, count: number, prefetch: number): void {
  const room = roomOfEach(prefetch, count)
  for (const { subscription } of leases.sources) subscription.prefetch = room.prefetch
  for (let partition = leases.sources.length; partition < count; partition++) {
    leases.add({ partition }, room)
  }
}

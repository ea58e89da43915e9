import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { expect } from "vitest"
import type { Failure } from "../../src/core/errors.ts"
import { DEFAULT_GROUP_SETTINGS } from "../../src/core/group/settings.ts"
import { decodeDeliveries } from "../../src/core/log/delivered.ts"
import type { Delivery } from "../../src/core/log/types.ts"
import type { Result } from "../../src/core/result.ts"
import type {
  ShareReceipt,
  ShareSettings,
  ShareSettlement,
  ShareStatistics,
  ShareTerms,
} from "../../src/core/stream/share/commands.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../src/core/stream/settings.ts"
import type { ResumedLeases } from "../../src/protocol/internal/frames.ts"
import { type Begun, ObjectSocket } from "./object-socket.ts"
import { batchOf } from "./support.ts"

const FIRST = 9
/** Alarms that work off what is due, at most. */
const MAX_ALARMS = 500
let serial = 0

/** A delivery with the state under which it can be settled. */
export interface Shared extends Delivery {
  readonly stateId: number
}

/** A partition object of its own, driven by its contract. */
export class ShareObjectScene {
  readonly topic: string
  readonly version: number
  readonly incarnation: number
  readonly #terms = new Map<string, ShareTerms>()

  private constructor(topic: string, version: number, incarnation: number) {
    this.topic = topic
    this.version = version
    this.incarnation = incarnation
  }

  static async open(settings: Partial<TopicSettings> = {}, topic = `share-${serial++}`): Promise<ShareObjectScene> {
    const scene = new ShareObjectScene(topic, FIRST, FIRST)
    const step = { incarnation: FIRST, version: FIRST, settings: { ...DEFAULT_TOPIC_SETTINGS, ...settings } }
    expect(await scene.stub.init(step)).toEqual({ ok: true, value: null })
    return scene
  }

  /** A topic that others find by its name; this drives its first partition. */
  static async openNamed(partitions = 1, topic = `named-${serial++}`): Promise<ShareObjectScene> {
    const put = await env.CATALOG.getByName("default").putTopic(topic, { partitions })
    if (!put.ok) throw new Error(put.error.code)
    const { version, incarnation } = put.value.entry
    return new ShareObjectScene(topic, version, incarnation)
  }

  /** A stub of its own each time: one whose object was aborted is of no use. */
  get stub() {
    return this.partition(0)
  }

  partition(index: number) {
    return env.PARTITIONS.getByName(`default/${this.topic}/${index}`)
  }

  async evict(): Promise<void> {
    await evictDurableObject(this.stub)
  }

  async append(...bodies: readonly string[]): Promise<void> {
    return this.appendKeyed(bodies, [])
  }

  /** Appends records of which those have keys that are given one. */
  async appendKeyed(bodies: readonly string[], keys: readonly string[]): Promise<void> {
    const appended = await this.stub.append(this.version, batchOf(bodies, keys), null)
    if (!appended.ok) throw new Error(appended.error.code)
  }

  /** Begins a share group with the log start. */
  async share(group: string, settings: Partial<ShareSettings> = {}, generation = 1): Promise<Result<unknown, Failure>> {
    const { lockDurationMs, maxDeliveries, maxLocks, ordering, retryDelay, deadLetter } = DEFAULT_GROUP_SETTINGS
    const known = { lockDurationMs, maxDeliveries, maxLocks, ordering, retryDelay, deadLetter, ...settings }
    const terms = { group, generation, version: 1, settings: known }
    this.#terms.set(group, terms)
    return this.stub.shareOpen(this.version, { ...terms, reset: "earliest" })
  }

  termsOf(group: string): ShareTerms {
    const terms = this.#terms.get(group)
    if (!terms) throw new Error(`${group} was never opened`)
    return terms
  }

  async receive(group: string, maxMessages = 10, lockDurationMs: number | null = null): Promise<Shared[]> {
    const received = await this.stub.shareReceive(this.version, this.termsOf(group), { maxMessages, lockDurationMs })
    if (!received.ok) throw new Error(received.error.code)
    const { stateId, deliveries } = received.value
    return decodeDeliveries(deliveries).map((delivery) => ({ ...delivery, stateId }))
  }

  receipt(group: string, { offset, attempt, stateId }: Pick<Shared, "offset" | "attempt" | "stateId">): ShareReceipt {
    const { generation } = this.termsOf(group)
    return { incarnation: this.incarnation, shard: 0, stateId, stateGeneration: generation, offset, attempt, count: 1 }
  }

  /** An outcome each: `settled/expired`, or why not. */
  async settle(group: string, ...settlements: readonly ShareSettlement[]): Promise<string[]> {
    const settled = await this.stub.shareSettle(this.version, this.termsOf(group), settlements)
    if (!settled.ok) throw new Error(settled.error.code)
    return settled.value.map((outcome) => ("code" in outcome ? outcome.code : `${outcome.settled}/${outcome.expired}`))
  }

  async ack(group: string, ...records: readonly Shared[]): Promise<string[]> {
    return this.settle(group, ...records.map((each) => ({ kind: "ack", receipt: this.receipt(group, each) }) as const))
  }

  async reject(group: string, ...records: readonly Shared[]): Promise<string[]> {
    const error = "no such flight"
    return this.settle(
      group,
      ...records.map((each) => ({ kind: "reject", receipt: this.receipt(group, each), error }) as const),
    )
  }

  async statistics(group: string): Promise<ShareStatistics> {
    const statistics = await this.stub.shareStatistics(this.version, this.termsOf(group))
    if (!statistics.ok) throw new Error(statistics.error.code)
    return statistics.value
  }

  /** A socket that is subscribed to a group, with credit for ten records unless it says otherwise. */
  async subscribe(
    group: string,
    wanted: {
      readonly credit?: number
      readonly detached?: boolean
      readonly socket?: ObjectSocket
      sub?: number
      readonly resume?: ResumedLeases
    } = {},
  ): Promise<Begun & { readonly socket: ObjectSocket; readonly stateId: number }> {
    const { credit = 10, detached = false, sub = 1 } = wanted
    const socket = wanted.socket ?? (await ObjectSocket.open(this))
    const terms = this.termsOf(group)
    const granted = { grantedMessages: credit, grantedBytes: 1_000_000 }
    const resumed = wanted.resume ? { resume: wanted.resume } : {}
    socket.send({ type: "subscribe-share", sub, terms, lockDurationMs: null, detached, ...granted, ...resumed })
    const { operation } = await socket.take("share-subscribed")
    if (operation.type !== "share-subscribed") throw new Error(operation.type)
    const { stateId, consumer = 0, held = 0 } = operation
    return { socket, stateId, consumer, held }
  }

  /** When the alarm is to come, or null. */
  async alarmAt(): Promise<number | null> {
    return runInDurableObject(this.stub, (_, state) => state.storage.getAlarm())
  }

  /** Runs alarms as long as one is due by the stopped clock. */
  async runDueAlarms(): Promise<void> {
    for (let ran = 0; ran < MAX_ALARMS; ran++) {
      const at = await this.alarmAt()
      if (at === null || at > Date.now()) return
      await runDurableObjectAlarm(this.stub)
    }
    throw new Error("the alarm is due again and again")
  }

  /** Rows of a table, looked at from the side. */
  async rowsIn(table: "share" | "delivery_page" | "outbox" | "inbox"): Promise<number> {
    return runInDurableObject(this.stub, (_, state) => {
      return state.storage.sql.exec<{ count: number }>(`SELECT COUNT(*) AS count FROM ${table}`).one().count
    })
  }
}

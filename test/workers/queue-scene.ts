import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { expect, vi } from "vitest"
import { decodeDeliveries } from "../../src/core/log/delivered.ts"
import { decodeFrame } from "../../src/core/log/frame.ts"
import type { Delivery } from "../../src/core/log/types.ts"
import type { QueueStatistics, ReceiveRequest, Settlement } from "../../src/core/queue/commands.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/queue/settings.ts"
import { entriesOf, textOf, type Entry } from "./support.ts"

const INCARNATION = 7
const FIRST_VERSION = 7
/** So far ahead that no alarm fires by itself while a test looks the other way. */
const AHEAD_MS = 24 * 60 * 60 * 1000
/** Alarms that work off what is due, at most. */
const MAX_ALARMS = 500
let serial = 0

/**
 * Stops the clock of all objects, a day ahead. The runtime's own scheduler stays where it is, so that no alarm
 * fires unless a test runs it.
 */
export function stopClock(): void {
  vi.setSystemTime(Date.now() + AHEAD_MS)
}

/** Moves the stopped clock on. */
export function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms)
}

/** Bodies of deliveries, in order. */
export function bodies(deliveries: readonly Delivery[]): string[] {
  return deliveries.map((delivery) => textOf(delivery.frame))
}

/** Headers of a delivered message. */
export function headersOf(delivery: Delivery): Record<string, string> {
  const decoder = new TextDecoder()
  const { headers } = decodeFrame(delivery.frame)
  return Object.fromEntries(headers.map(({ name, value }) => [decoder.decode(name), decoder.decode(value)]))
}

/** A queue object of its own, driven by its contract. */
export class QueueScene {
  readonly name: string
  #version = FIRST_VERSION
  #settings: QueueSettings

  private constructor(name: string, settings: QueueSettings) {
    this.name = name
    this.#settings = settings
  }

  /** A new queue, of a name of its own unless one is given. */
  static async open(settings: Partial<QueueSettings> = {}, name = `scene-${serial++}`): Promise<QueueScene> {
    const scene = new QueueScene(name, { ...DEFAULT_QUEUE_SETTINGS, ...settings })
    const step = { incarnation: INCARNATION, version: FIRST_VERSION, settings: scene.#settings }
    expect(await scene.stub.init(step)).toEqual({ ok: true, value: null })
    return scene
  }

  /** A stub of its own each time: one whose object was aborted is of no use. */
  get stub() {
    return env.QUEUES.getByName(`default/${this.name}/0`)
  }

  get version(): number {
    return this.#version
  }

  async configure(change: Partial<QueueSettings>): Promise<void> {
    this.#settings = { ...this.#settings, ...change }
    this.#version++
    const step = { incarnation: INCARNATION, version: this.#version, settings: this.#settings }
    expect(await this.stub.configure(step)).toEqual({ ok: true, value: null })
  }

  /** Throws the object's memory away; sockets stay. */
  async evict(): Promise<void> {
    await evictDurableObject(this.stub)
  }

  /** Sends a batch that is taken, and answers the ids. */
  async send(...entries: (string | Entry)[]): Promise<number[]> {
    const results = await this.offer(...entries)
    return results.map((result) => {
      if (typeof result === "string") throw new Error(result)
      return result
    })
  }

  /** Sends a batch: per entry its id, or why it was refused. */
  async offer(...entries: (string | Entry)[]): Promise<(number | string)[]> {
    const sent = await this.stub.send(this.#version, entriesOf(entries))
    if (!sent.ok) throw new Error(sent.error.code)
    return sent.value.results.map((result) => (typeof result === "number" ? result : result.code))
  }

  async receive(maxMessages = 10, options: Partial<ReceiveRequest> = {}): Promise<Delivery[]> {
    const request = { maxMessages, visibilityTimeoutMs: null, attemptId: null, ...options }
    const received = await this.stub.receive(this.#version, request)
    if (!received.ok) throw new Error(received.error.code)
    return decodeDeliveries(received.value.deliveries)
  }

  /** Settles a batch: null per success, or why not. */
  async settle(...settlements: Settlement[]): Promise<(string | null)[]> {
    const settled = await this.stub.settle(this.#version, settlements)
    if (!settled.ok) throw new Error(settled.error.code)
    return settled.value.map((failure) => failure?.code ?? null)
  }

  async ack(...deliveries: Delivery[]): Promise<(string | null)[]> {
    return this.settle(...deliveries.map(ack))
  }

  async statistics(): Promise<QueueStatistics> {
    const answered = await this.stub.statistics(this.#version)
    if (!answered.ok) throw new Error(answered.error.code)
    return answered.value
  }

  /** Deletes one message; why not, or null. */
  async remove(messageId: number): Promise<string | null> {
    const removed = await this.stub.remove(this.#version, messageId)
    return removed.ok ? null : removed.error.code
  }

  /** When the alarm is to come, or null. */
  async alarmAt(): Promise<number | null> {
    return runInDurableObject(this.stub, (_, state) => state.storage.getAlarm())
  }

  /**
   * Runs alarms as long as one is due by the stopped clock; answers how many there were. An object that has more
   * to do arms the next millisecond, which this clock never reaches: such an alarm counts where it did something.
   */
  async runDueAlarms(): Promise<number> {
    for (let ran = 0; ran < MAX_ALARMS; ran++) {
      const at = await this.alarmAt()
      if (at === null || at > Date.now() + 1) return ran
      const before = await this.cost()
      await runDurableObjectAlarm(this.stub)
      const after = await this.cost()
      if (at > Date.now() && after.commits === before.commits) return ran
    }
    throw new Error("the alarm is due again and again")
  }

  /** Rows of a table, looked at from the side: the object does nothing for it. */
  async rowsIn(table: "log" | "scheduled" | "dedup" | "receive_attempt" | "outbox" | "producer"): Promise<number> {
    return runInDurableObject(this.stub, (_, state) => {
      const { count } = state.storage.sql.exec<{ count: number }>(`SELECT COUNT(*) AS count FROM ${table}`).one()
      return count
    })
  }

  /** Commits that wrote something, and rows written, since the object was loaded. */
  async cost(): Promise<{ readonly commits: number; readonly rowsWritten: number }> {
    return runInDurableObject(this.stub, (instance) => {
      const object = instance as unknown as { commits: number; database: { cost: { rowsWritten: number } } }
      return { commits: object.commits, rowsWritten: object.database.cost.rowsWritten }
    })
  }
}

function receiptOf({ offset, attempt }: Delivery): Settlement["receipt"] {
  return { incarnation: INCARNATION, shard: 0, stateId: 0, stateGeneration: 0, offset, attempt }
}

/** The acknowledgement of a delivery. */
export function ack(delivery: Delivery): Settlement {
  return { kind: "ack", receipt: receiptOf(delivery) }
}

/** A nack of a delivery, with the queue's own retry delay unless another is given. */
export function nack(delivery: Delivery, options: { delayMs?: number; fault?: boolean } = {}): Settlement {
  const { delayMs = null, fault = true } = options
  return { kind: "nack", receipt: receiptOf(delivery), delayMs, fault, error: null }
}

/** The end of a message that nobody can process. */
export function reject(delivery: Delivery, error: string | null = null): Settlement {
  return { kind: "reject", receipt: receiptOf(delivery), error }
}

/** An extension of a lease. */
export function extend(delivery: Delivery, visibilityTimeoutMs: number): Settlement {
  return { kind: "extend", receipt: receiptOf(delivery), visibilityTimeoutMs }
}

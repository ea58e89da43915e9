import { EVERYTHING } from "../../../src/core/access/access.ts"
import type { Failure } from "../../../src/core/errors.ts"
import { encodeDeliveries } from "../../../src/core/log/delivered.ts"
import { encodeFrame } from "../../../src/core/log/frame.ts"
import { decodeSubmissions } from "../../../src/core/log/submission.ts"
import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../../../src/core/group/settings.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../../src/core/queue/settings.ts"
import { err, ok, type Result } from "../../../src/core/result.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../../src/core/stream/settings.ts"
import type { CatalogEntry, ProducerIdentity } from "../../../src/objects/contract.ts"
import { decodeFrames, type Framed, type FromObject, type ToObject } from "../../../src/protocol/internal/frames.ts"
import { batchesOf, decodeWireMessage } from "../../../src/protocol/native/wire-message.ts"
import type { ClientMessage, Dial, ObjectSocketEvents, SessionContext } from "../../../src/session/ports.ts"
import { Session } from "../../../src/session/session.ts"

import { FakeClock } from "./fake-clock.ts"
import { FakeGroups } from "./fake-groups.ts"

const decoder = new TextDecoder()

/** One internal socket as its object sees it. */
export class FakeSocket {
  readonly version: number
  readonly frames: Framed<ToObject>[][] = []
  readonly events: ObjectSocketEvents
  closedWith: number | null = null

  constructor(version: number, events: ObjectSocketEvents) {
    this.version = version
    this.events = events
  }

  /** All operations that came, whatever the frame. */
  get operations(): readonly ToObject[] {
    return this.frames.flat().map(({ operation }) => operation)
  }

  get types(): readonly string[] {
    return this.operations.map(({ type }) => type)
  }

  say(operation: FromObject, blob: Uint8Array = new Uint8Array(0)): void {
    this.events.received([{ operation, blob }])
  }

  /** Answers the publishes of one frame as a queue would, with ids from `firstId` on. */
  confirmQueue(frame: readonly Framed<ToObject>[], firstId: number): void {
    let id = firstId
    for (const { operation } of frame) {
      if (operation.type !== "publish") continue
      const confirms = operation.refs.map((ref, index) => ({
        ref,
        results: Array.from({ length: operation.counts[index]! }, () => id++),
      }))
      this.say({ type: "confirm", incarnation: 7, confirms })
    }
  }
}

/** Names and objects, as far as a session needs them. */
export class FakeBroker implements SessionContext {
  access = EVERYTHING
  endsAt: number | null = null
  readonly sockets = new Map<string, FakeSocket[]>()
  readonly queues = new Map<string, QueueSettings>()
  readonly topics = new Map<string, TopicSettings>()
  readonly groupNames = new Map<string, GroupSettings>()
  readonly groups = new FakeGroups()
  /** Names of the producers that were opened. */
  readonly producers: (string | null)[] = []
  /** What objects answer to the next upgrades. */
  readonly refusals: Failure[] = []
  readonly resolved: string[] = []
  version = 1
  incarnation = 7
  /** Resolves when names may be resolved. */
  gate: Promise<void> = Promise.resolve()

  readonly resolveQueue = (name: string, fresh: boolean): Promise<Result<CatalogEntry<QueueSettings>, Failure>> =>
    this.#resolve(this.queues, "queue", name, fresh)

  readonly resolveTopic = (name: string, fresh: boolean): Promise<Result<CatalogEntry<TopicSettings>, Failure>> =>
    this.#resolve(this.topics, "topic", name, fresh)

  readonly resolveGroup = (name: string, fresh: boolean): Promise<Result<CatalogEntry<GroupSettings>, Failure>> =>
    this.#resolve(this.groupNames, "group", name, fresh)

  readonly openProducer = (name: string | null): Promise<Result<ProducerIdentity, Failure>> => {
    const refusal = this.refusals.shift()
    if (refusal !== undefined) return Promise.resolve(err(refusal))
    return Promise.resolve(ok({ producerId: this.producers.push(name), epoch: 3 }))
  }

  dialGroup(group: string): Dial {
    return this.#dial(`group/${group}`)
  }

  dialQueue(queue: string): Dial {
    return this.#dial(`queue/${queue}`)
  }

  dialPartition(topic: string, partition: number): Dial {
    return this.#dial(`topic/${topic}/${partition}`)
  }

  queue(name: string, settings: Partial<QueueSettings> = {}): this {
    this.queues.set(name, { ...DEFAULT_QUEUE_SETTINGS, ...settings })
    return this
  }

  topic(name: string, partitions: number): this {
    this.topics.set(name, { ...DEFAULT_TOPIC_SETTINGS, partitions })
    return this
  }

  group(name: string, settings: Partial<GroupSettings> = {}): this {
    this.groupNames.set(name, { ...DEFAULT_GROUP_SETTINGS, ...settings })
    return this
  }

  /** The newest socket to an object. */
  socket(key: string): FakeSocket {
    const socket = this.sockets.get(key)?.at(-1)
    if (socket === undefined) throw new Error(`no socket to ${key}`)
    return socket
  }

  #dial(key: string): Dial {
    return (version, events) => {
      const refusal = this.refusals.shift()
      if (refusal !== undefined) return Promise.resolve(err(refusal))
      const socket = new FakeSocket(version, events)
      this.sockets.set(key, [...(this.sockets.get(key) ?? []), socket])
      const send = (frame: Uint8Array): void => void socket.frames.push(decodeFrames<ToObject>(frame, decoder))
      const close = (code: number): void => void (socket.closedWith = code)
      return Promise.resolve(ok({ send, close }))
    }
  }

  async #resolve<Settings>(
    names: ReadonlyMap<string, Settings>,
    resource: "queue" | "topic" | "group",
    name: string,
    fresh: boolean,
  ): Promise<Result<CatalogEntry<Settings>, Failure>> {
    this.resolved.push(`${name}${fresh ? " fresh" : ""}`)
    await this.gate
    const settings = names.get(name)
    if (settings === undefined) return err({ code: "not_found", resource, name })
    const { incarnation } = this
    return ok({ name, incarnation, version: this.version, settings, createdAt: 0, updatedAt: 0 })
  }
}

/** What a client gets, message by message. */
export type Received = Record<string, unknown>

/** A session with a client and a broker that are made up. */
export class FakeClient {
  readonly broker: FakeBroker
  readonly session: Session
  readonly messages: ClientMessage[] = []
  readonly clock = new FakeClock()
  /** Else pings stand among the frames, and nobody answers them. */
  answersPings = true
  /** How the broker closed the socket, null while it has not. */
  closedWith: readonly [number, string] | null = null

  constructor(broker: FakeBroker) {
    this.broker = broker
    const close = (code: number, reason: string): void => void (this.closedWith = [code, reason])
    this.session = new Session({ send: (message) => this.#receive(message), close }, broker, this.clock)
  }

  /** The messages that came as text. */
  get texts(): readonly string[] {
    return this.messages.filter((message) => typeof message === "string")
  }

  /** All frames that came, whatever the message; `batch` is what came with them. */
  get frames(): readonly Received[] {
    return this.messages.flatMap(framesOf).filter(({ type }) => type !== "ping" || !this.answersPings)
  }

  /** The frames that came since the last call. */
  take(): readonly Received[] {
    const { frames } = this
    this.messages.length = 0
    return frames
  }

  #receive(message: ClientMessage): void {
    this.messages.push(message)
    if (!this.answersPings) return
    for (const { type, id } of framesOf(message)) {
      if (type === "ping") queueMicrotask(() => this.session.receive(JSON.stringify({ type: "pong", id })))
    }
  }

  /** Says something, as one message each, within one macrotask; then lets everything settle. */
  async say(...messages: unknown[]): Promise<void> {
    for (const message of messages) this.session.receive(JSON.stringify(message))
    await settled()
  }
}

/** The frames of a message. */
export function framesOf(message: ClientMessage): Received[] {
  if (typeof message === "string") return [JSON.parse(message) as Received | Received[]].flat()
  const { json, batches } = decodeWireMessage(message)
  const frames = framesOf(json)
  const found = batchesOf(frames, batches)
  return frames.map((frame, index) => (found[index] === null ? frame : { ...frame, batch: found[index] }))
}

/** Waits until nothing more happens by itself. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** Deliveries of texts, from `offset` on. */
export function deliveries(texts: readonly string[], offset = 0): Uint8Array {
  const value = (text: string): Uint8Array => new TextEncoder().encode(text)
  return encodeDeliveries(
    texts.map((text, index) => ({
      offset: offset + index,
      messageId: offset + index,
      appendedAt: 1000,
      attempt: 1,
      deliveryCount: 1,
      firstDeliveredAt: 1000,
      frame: encodeFrame({ format: "text", value: value(text), key: null, headers: [], producedAt: null }),
    })),
  )
}

/** How many frames a published blob holds. */
export function published({ blob }: Framed<ToObject>): number {
  return decodeSubmissions(blob).count
}

/** The code of the problem that a frame or result carries. */
export function codeOf(frame: unknown): unknown {
  return (frame as { problem?: { code?: unknown } }).problem?.code
}

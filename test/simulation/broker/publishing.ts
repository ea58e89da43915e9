import { isUnsure, listOf, problemOf, type Json, type Scene, type Socket } from "./scene.ts"

/** Where a publisher's batches go, and how they are written down. */
export interface Target<Entry> {
  /** Members of the frame besides its type, `ref` and producer. */
  readonly frame: (entries: readonly Entry[]) => object
  readonly newEntries: (count: number) => readonly Entry[]
  readonly record: (batch: Batch<Entry>, outcome: Outcome) => void
}

export interface Batch<Entry> {
  readonly entries: readonly Entry[]
  readonly producer: { readonly id: string; readonly epoch: number; readonly sequence: number }
  readonly calledAt: number
}

/** Results of all entries, the code of a refusal, or null where it was never said. */
export type Outcome = readonly Json[] | string | null

const MAX_ENTRIES = 5
const MAX_UNDER_WAY = 3
const LOOK_MS = 100
const PATIENCE_MS = 3_000
const SILENT_MS = 8_000

/**
 * Publishes over sockets under a producer's sequence: what has no answer is said again until it has one, in order, so
 * that it is stored once.
 */
export class Publisher<Entry> {
  readonly #scene: Scene
  readonly #target: Target<Entry>
  readonly #name: string | null
  readonly #underWay = new Map<number, Batch<Entry>>()
  /** The socket on which each was said first: what was said on an earlier one may still arrive. */
  readonly #firstSaidOn = new Map<number, Socket>()
  #producer: { readonly id: string; readonly epoch: number } | null = null
  #sequence = 0
  #refs = 0
  /** What stands behind a batch that was refused is refused too: nothing more is said until all have answers. */
  #refused = false

  /** With a `name`, whoever opens it later fences the others. */
  constructor(scene: Scene, target: Target<Entry>, name: string | null = null) {
    this.#scene = scene
    this.#target = target
    this.#name = name
  }

  async run(): Promise<void> {
    while (!this.#isDone()) {
      const socket = await this.#scene.broker.connect()
      if (socket !== null) await this.#serve(socket)
      await this.#scene.sleep(this.#scene.random.between(10, 400))
    }
  }

  /** It ends with the world, once all that it said was answered. */
  #isDone(): boolean {
    return this.#scene.isOver() && this.#underWay.size === 0
  }

  async #serve(socket: Socket): Promise<void> {
    const { recorder } = this.#scene
    let heardAt = recorder.now()
    if (this.#producer === null) this.#open(socket)
    for (const [ref, batch] of this.#underWay) this.#say(socket, ref, batch)
    while (socket.endedAt === null && !this.#isDone()) {
      const arrived = await socket.receive(this.#scene.random.between(1, LOOK_MS))
      if (arrived !== null) {
        heardAt = arrived.at
        this.#received(socket, arrived.frame)
      } else if (recorder.now() - heardAt > SILENT_MS) return socket.cut()
      else if (recorder.now() - heardAt > PATIENCE_MS) socket.send({ type: "ping" })
      if (arrived === null && !this.#scene.isOver()) this.#publish(socket)
    }
    if (this.#isDone()) socket.close()
  }

  #publish(socket: Socket): void {
    if (this.#producer === null || this.#underWay.size >= MAX_UNDER_WAY || this.#refused) return
    const { random, recorder } = this.#scene
    const entries = this.#target.newEntries(random.between(1, MAX_ENTRIES))
    const batch = { entries, producer: { ...this.#producer, sequence: this.#sequence }, calledAt: recorder.now() }
    this.#sequence += entries.length
    this.#underWay.set(++this.#refs, batch)
    this.#say(socket, this.#refs, batch)
  }

  #say(socket: Socket, ref: number, { entries, producer }: Batch<Entry>): void {
    if (!this.#firstSaidOn.has(ref)) this.#firstSaidOn.set(ref, socket)
    const { id, ...place } = producer
    socket.send({ type: "publish", ref, ...this.#target.frame(entries), producer: { id: Number(id), ...place } })
  }

  #received(socket: Socket, frame: Json): void {
    const ref = Number(frame["ref"])
    if (frame["type"] === "producer") {
      this.#producer ??= { id: String(frame["producerId"]), epoch: Number(frame["epoch"]) }
      return
    }
    const batch = this.#underWay.get(ref)
    if (batch === undefined) {
      if (frame["type"] === "error" && this.#producer === null) socket.cut()
      return
    }
    const entries = listOf(frame, "results")
    if (frame["type"] === "error" ? isUnsure(frame) : entries.some(isUnsure))
      return void this.#again(socket, ref, batch)
    this.#underWay.delete(ref)
    const code = frame["type"] === "error" ? problemOf(frame) : null
    const mayStillArrive = code !== null && this.#firstSaidOn.get(ref) !== socket
    // what is fenced now may have been stored when it was said before
    const isUnknown = mayStillArrive || code === "fenced"
    this.#target.record(batch, isUnknown ? null : (code ?? entries))
    if (isUnknown) this.#renew(socket, batch)
    else if (code !== null) this.#wasRefused(batch)
    if (this.#underWay.size === 0) this.#refused = false
  }

  async #again(socket: Socket, ref: number, batch: Batch<Entry>): Promise<void> {
    await this.#scene.sleep(this.#scene.random.between(10, 200))
    if (this.#underWay.get(ref) === batch && socket.endedAt === null) this.#say(socket, ref, batch)
  }

  /** The next one takes its place. */
  #wasRefused({ producer }: Batch<Entry>): void {
    this.#refused = true
    this.#sequence = Math.min(this.#sequence, producer.sequence)
  }

  /** A copy from an earlier socket would be taken for whatever gets its number next: another producer, or epoch, goes on. */
  #renew(socket: Socket, { producer }: Batch<Entry>): void {
    if (this.#producer?.id !== producer.id || this.#producer.epoch !== producer.epoch) return
    this.#producer = null
    this.#sequence = 0
    this.#open(socket)
  }

  #open(socket: Socket): void {
    socket.send({ type: "open-producer", ref: 0, ...(this.#name === null ? {} : { name: this.#name }) })
  }
}

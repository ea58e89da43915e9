import { RESUME_GRACE_MS } from "../../../src/core/limits.ts"
import { Credit } from "./credit.ts"
import { decide, HABITS, takeDelivered, takeSettled, wireVerdict, type Held, type Verdict } from "./handling.ts"
import type { LeaseSource } from "./lease-source.ts"
import { isUnsure, listOf, problemOf, type Json, type Scene, type Socket } from "./scene.ts"

const VISIBILITY_MS = 4_000
const MAX_CREDIT = 10
/** How long one waits for a frame before it looks whether the world goes on. */
const LOOK_MS = 200
/** A socket that is silent for so long though it was asked is given up. */
const SILENT_MS = 8_000
const PATIENCE_MS = 3_000

/** A socket that broke may have been noticed so long before its client heard of it. */
const NOTICED_BEFORE_MS = 3_000

/** A lease as the client knows it. */
interface Lease extends Held {
  /** Until then it lasts in any case. */
  readonly until: number
  /** Something was said of it, by which it may have ended. */
  readonly isSettled: boolean
}

/** Who receives from where. */
export interface SocketReceiverPlan {
  readonly client: string
  readonly source: LeaseSource
  readonly habits: keyof typeof HABITS
}

/** A subscription that leases, over as many sockets as it takes. */
export class SocketReceiver {
  readonly #scene: Scene
  readonly #plan: SocketReceiverPlan
  readonly #leases = new Map<string, Lease>()
  /** What was said and not answered, by its number. */
  readonly #unanswered = new Map<number, { readonly verdict: Verdict; readonly calledAt: number }>()
  #numbers = 0
  #sub = 0
  #credit = new Credit(0, 0)
  #token: string | null = null
  /** What was named to be resumed, and since when it may be lost. */
  #resumed: { readonly count: number; readonly brokeAt: number } | null = null
  /** What the last subscription named. */
  #named: readonly Lease[] = []

  constructor(scene: Scene, plan: SocketReceiverPlan) {
    this.#scene = scene
    this.#plan = plan
  }

  /** Receives until the world is over; then gives back what it holds. */
  async run(): Promise<void> {
    while (!this.#scene.isOver()) {
      const socket = await this.#scene.broker.connect()
      if (socket !== null) await this.#serve(socket)
      await this.#scene.sleep(this.#scene.random.between(10, 500))
    }
  }

  async #serve(socket: Socket): Promise<void> {
    const { random, recorder } = this.#scene
    this.#subscribe(socket)
    let heardAt = recorder.now()
    while (socket.endedAt === null && !this.#scene.isOver()) {
      const arrived = await socket.receive(LOOK_MS)
      if (arrived !== null) {
        heardAt = arrived.at
        await this.#received(socket, arrived.frame, arrived.at)
      } else if (recorder.now() - heardAt > SILENT_MS) {
        socket.cut()
        return this.#broke(heardAt)
      } else if (recorder.now() - heardAt > PATIENCE_MS) socket.send({ type: "ping" })
      if (random.chance(0.01)) await this.#scene.sleep(random.between(500, 6_000))
      // for less than leases wait for a client that broke off: it is to notice before it has lost them
      if (random.chance(0.01)) await socket.sleep(random.between(10, 3_000))
    }
    if (this.#scene.isOver()) socket.close()
    this.#broke(Math.min(heardAt, socket.endedAt ?? heardAt))
  }

  #subscribe(socket: Socket): void {
    const { recorder, random } = this.#scene
    const credit = random.between(1, MAX_CREDIT)
    this.#sub = ++this.#numbers
    this.#credit = new Credit(credit, recorder.now())
    this.#named = this.#living()
    const receipts = this.#named.map(({ receipt }) => receipt)
    const resume = this.#token === null ? {} : { resume: { token: this.#token, receipts } }
    const { place, timeout } = this.#plan.source
    socket.send({ type: "subscribe", sub: this.#sub, ...place, credit, [timeout]: VISIBILITY_MS, ...resume })
  }

  async #received(socket: Socket, frame: Json, at: number): Promise<void> {
    switch (frame["type"]) {
      case "subscribed":
        return this.#subscribed(socket, frame, at)
      case "deliver":
        return frame["sub"] === this.#sub ? this.#delivered(socket, this.#plan.source.messages(frame)) : undefined
      case "settled":
        return this.#answered(Number(frame["ref"]), listOf(frame, "results"))
      case "error":
        if (frame["ref"] !== undefined) {
          return this.#answered(Number(frame["ref"]), isUnsure(frame) ? null : (problemOf(frame) ?? ""))
        }
        return frame["sub"] === this.#sub ? this.#ended(socket, at) : undefined
      case "unsubscribed":
        return frame["sub"] === this.#sub ? this.#ended(socket, at) : undefined
    }
  }

  #subscribed(socket: Socket, frame: Json, at: number): void {
    this.#token = typeof frame["resume"] === "string" ? frame["resume"] : null
    if (this.#resumed === null) return
    const { count, brokeAt } = this.#resumed
    this.#resumed = null
    this.#checkHeld(Number(frame["held"]), at, brokeAt)
    if (Number(frame["held"]) !== count) return this.#lost(brokeAt)
    const unsaid = [...this.#leases.values()].filter(({ isSettled }) => !isSettled)
    for (const verdict of decide(this.#scene, HABITS[this.#plan.habits], unsaid)) this.#settle(socket, verdict)
  }

  /** Leases wait for whoever comes back in time [W55]. */
  #checkHeld(held: number, at: number, brokeAt: number): void {
    const { queue, keepsOrder } = this.#plan.source
    const sure = this.#named.filter(({ until, isSettled }) => !isSettled && until > at)
    if (keepsOrder || at - brokeAt > RESUME_GRACE_MS - NOTICED_BEFORE_MS || held >= sure.length) return
    const named = sure.map(({ receipt }) => receipt).join(", ")
    this.#scene.recorder.surprise("resume", `${queue} has kept ${held} of the leases ${named} since ${brokeAt}`)
  }

  /** The subscription is over and the socket is not. */
  async #ended(socket: Socket, at: number): Promise<void> {
    this.#broke(at, false)
    await this.#scene.sleep(this.#scene.random.between(10, 300))
    if (socket.endedAt === null) this.#subscribe(socket)
  }

  async #delivered(socket: Socket, messages: readonly Json[]): Promise<void> {
    const { client, habits } = this.#plan
    const { queue } = this.#plan.source
    const held = messages.flatMap((message) => {
      const leasing = { client, queue, leasedAfter: this.#credit.take(), visibilityTimeoutMs: VISIBILITY_MS }
      const taken = takeDelivered(this.#scene, leasing, [message])
      for (const one of taken)
        this.#leases.set(one.receipt, { ...one, until: leasing.leasedAfter + VISIBILITY_MS, isSettled: false })
      return taken
    })
    await this.#scene.sleep(this.#scene.random.between(0, 30))
    // what it has then it names where it goes on
    if (socket.endedAt !== null) return
    const verdicts = decide(this.#scene, HABITS[habits], held)
    for (const verdict of verdicts) this.#settle(socket, verdict)
    if (this.#credit.left > MAX_CREDIT / 2) return
    this.#credit.grant(this.#credit.total + MAX_CREDIT, this.#scene.recorder.now())
    socket.send({ type: "credit", sub: this.#sub, credit: this.#credit.total })
  }

  #settle(socket: Socket, verdict: Verdict): void {
    const ref = ++this.#numbers
    this.#unanswered.set(ref, { verdict, calledAt: this.#scene.recorder.now() })
    for (const { receipt } of verdict.held) {
      const lease = this.#leases.get(receipt)
      if (lease !== undefined) this.#leases.set(receipt, { ...lease, isSettled: true })
    }
    // it may be extended from now on, and is to be named where the socket breaks
    if (verdict.kind === "extend") for (const { receipt } of verdict.held) this.#settled(verdict, receipt)
    const { settled, timeout } = this.#plan.source
    const { operation, body } = wireVerdict(verdict, timeout)
    const where = this.#scene.random.chance(0.5) ? { sub: this.#sub } : settled
    socket.send({ type: operation, ref, ...where, ...body })
  }

  #answered(ref: number, results: readonly Json[] | string | null): void {
    const asked = this.#unanswered.get(ref)
    if (asked === undefined) return
    this.#unanswered.delete(ref)
    const who = { client: this.#plan.client, queue: this.#plan.source.queue }
    const outcomes = takeSettled(this.#scene, who, asked.verdict, asked.calledAt, results)
    for (const [index, { receipt }] of asked.verdict.held.entries()) {
      const outcome = outcomes[index]
      if (outcome === "ok" || outcome === null) this.#settled(asked.verdict, receipt)
    }
  }

  #settled({ kind, ms }: Verdict, receipt: string): void {
    const lease = this.#leases.get(receipt)
    if (lease === undefined) return
    if (kind !== "extend") this.#leases.delete(receipt)
    else this.#leases.set(receipt, { ...lease, until: Math.max(lease.until, this.#scene.recorder.now() + ms) })
  }

  /** The subscription came to an end at some time from `at` on, perhaps with the socket. */
  #broke(at: number, isSocket = true): void {
    if (isSocket) for (const ref of this.#unanswered.keys()) this.#answered(ref, null)
    // what was on its way to it is held by nobody that is known
    this.#scene.recorder.add({ kind: "release", client: `${this.#plan.client} unseen`, at })
    const { random } = this.#scene
    const brokeAt = Math.min(at, this.#resumed?.brokeAt ?? at)
    if (this.#token === null || this.#scene.isOver() || random.chance(0.2)) return this.#lost(brokeAt)
    this.#resumed = { count: this.#living().length, brokeAt }
  }

  #lost(at: number): void {
    this.#token = null
    this.#resumed = null
    this.#leases.clear()
    this.#scene.recorder.add({ kind: "release", client: this.#plan.client, at })
  }

  #living(): Lease[] {
    const now = this.#scene.recorder.now()
    return [...this.#leases.values()].filter(({ until }) => until > now)
  }
}

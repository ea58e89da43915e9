import { beforeEach, describe, expect, it } from "vitest"
import type { Delivery } from "../../src/core/log/types.ts"
import { Random } from "../simulation/random.ts"
import { ObjectSocket } from "./object-socket.ts"
import { bodies, QueueScene, stopClock } from "./queue-scene.ts"
import { comeBack } from "./resume-scene.ts"
import { many } from "./support.ts"

const SEEDS = Array.from({ length: 12 }, (_, seed) => seed + 1)
const STEPS = 60
const GROUPS = 5

/** A client, whose socket may have broken. */
interface Party {
  readonly socket: ObjectSocket
  readonly consumer: number
  isBroken: boolean
  /** In the order of delivery, which is that of its groups. */
  held: Delivery[]
}

beforeEach(stopClock)

/** A queue whose clients break off, come back, and take from one another, while it forgets all but what it has stored. */
class History {
  readonly #queue: QueueScene
  readonly #random: Random
  readonly #isOrdered: boolean
  #parties: Party[] = []
  #sent = 0
  readonly #acked: string[] = []

  constructor(queue: QueueScene, random: Random, isOrdered: boolean) {
    this.#queue = queue
    this.#random = random
    this.#isOrdered = isOrdered
  }

  async step(): Promise<void> {
    const dice = this.#random.between(1, 12)
    const live = this.#parties.filter(({ isBroken }) => !isBroken)
    if (this.#parties.length === 0 || dice === 1) return this.#join()
    if (dice <= 4) return this.#send()
    if (dice <= 6) return this.#resume(this.#random.pick(this.#parties))
    if (dice === 7) return this.#evict()
    if (live.length === 0) return
    const party = this.#random.pick(live)
    if (dice <= 10) return this.#ack(party)
    if (dice === 11) return this.#breakOff(party)
    await this.#leave(party)
  }

  /** Has everybody go, and somebody new take all that is left. */
  async end(): Promise<void> {
    while (this.#parties.length > 0) {
      const broken = this.#parties.find(({ isBroken }) => isBroken)
      if (broken) await this.#resume(broken)
      await this.#leave(this.#parties.at(-1)!)
    }
    const last = await ObjectSocket.open(this.#queue)
    const left = this.#sent - this.#acked.length
    await last.subscribe({ grantedMessages: left })
    const rest = left === 0 ? [] : await last.takeDeliveries(left)
    // nothing that happened was anybody's fault
    expect(rest.filter(({ deliveryCount }) => deliveryCount !== 1)).toEqual([])
    const seen = [...this.#acked, ...bodies(rest)].map((body) => Number(body.slice(1)))
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: this.#sent }, (_, index) => index))
  }

  async #evict(): Promise<void> {
    // one that sleeps can't be evicted
    await this.#queue.statistics()
    await this.#queue.evict()
  }

  async #join(): Promise<void> {
    const socket = await ObjectSocket.open(this.#queue)
    const { consumer } = await socket.subscribe({ grantedMessages: this.#random.between(1, 20) })
    this.#parties.push({ socket, consumer, isBroken: false, held: [] })
  }

  async #send(): Promise<void> {
    const entries = many(this.#random.between(1, 10), "m").map(() => {
      const body = `m${this.#sent++}`
      return this.#isOrdered ? { body, group: String(this.#random.between(1, GROUPS)) } : { body }
    })
    await this.#queue.send(...entries)
  }

  async #ack(party: Party): Promise<void> {
    await this.#catchUp(party)
    const done = party.held.splice(0, this.#random.between(0, party.held.length))
    expect(await this.#queue.ack(...done)).toEqual(done.map(() => null))
    this.#acked.push(...bodies(done))
    const grantedMessages = this.#random.between(1, 1000)
    party.socket.send({ type: "credit", sub: 1, grantedMessages, grantedBytes: 1_000_000 })
  }

  async #breakOff(party: Party): Promise<void> {
    // what is on its way now never arrives
    if (this.#random.chance(0.5)) await this.#catchUp(party)
    party.socket.close()
    party.isBroken = true
  }

  /** Somebody goes on with some of what a party holds, whether or not that has broken off. */
  async #resume(party: Party): Promise<void> {
    const keep = this.#random.between(0, party.held.length)
    // in order the first of them, else any
    const kept = this.#isOrdered ? party.held.slice(0, keep) : party.held.filter(() => this.#random.chance(0.7))
    const next = await comeBack(this.#queue, party.consumer, kept)
    expect(next.held).toBe(kept.length)
    this.#parties = this.#parties.filter((other) => other !== party)
    this.#parties.push({ socket: next.socket, consumer: next.consumer, isBroken: false, held: kept })
    if (party.isBroken) return
    expect((await party.socket.take("ended")).operation).toMatchObject({ failure: { code: "conflict" } })
    if (this.#random.chance(0.5)) party.socket.close()
  }

  async #leave(party: Party): Promise<void> {
    await party.socket.bye()
    this.#parties = this.#parties.filter((other) => other !== party)
  }

  /** Takes what was delivered so far. */
  async #catchUp({ socket, held }: Party): Promise<void> {
    socket.send({ type: "settle", ref: 0, settlements: [] })
    await socket.take("settled")
    while (socket.has("deliver")) held.push(...(await socket.takeDeliveries()))
  }
}

describe("histories of clients that come and go", () => {
  it.each(SEEDS)("[W55] [W56] [W57] lose nothing and count nothing as a delivery, seed %i", async (seed) => {
    const random = new Random(seed)
    const isOrdered = seed % 2 === 0
    const ordering = isOrdered ? "fifo" : "standard"
    const queue = await QueueScene.open({ ordering, visibilityTimeoutMs: 3_600_000 })
    const history = new History(queue, random, isOrdered)
    for (let step = 0; step < STEPS; step++) await history.step()
    await history.end()
  })
})

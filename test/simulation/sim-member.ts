import type { Failure } from "../../src/core/errors.ts"
import type { MemberPartition, MemberView, Subscription, TopicPartition } from "../../src/core/group/commands.ts"
import type { Coordinator } from "../../src/core/group/coordinator.ts"
import type { Result } from "../../src/core/result.ts"
import { GENERATION, GROUP, type Ledger } from "./ledger.ts"
import type { Network } from "./network.ts"
import type { Random } from "./random.ts"
import type { Scheduler } from "./scheduler.ts"
import type { SimCoordinator } from "./sim-coordinator.ts"
import type { SimPartition, SimRecord } from "./sim-partition.ts"

const CALL_TIMEOUT_MS = 2_000
const MAX_RECORDS = 6
/** Between two fetches that had something, and two that had nothing. */
const BUSY_MS = 20
const IDLE_MS = 300

/** What a member needs of the world around it. */
export interface MemberWorld {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly random: Random
  readonly coordinator: SimCoordinator
  readonly ledger: Ledger
  readonly partition: (topic: string, index: number) => SimPartition | null
  /** An id that nobody has had. */
  readonly newMemberId: () => string
}

/** A partition that the member works on. */
interface Work extends TopicPartition {
  readonly epoch: number
  position: number
  committed: number
  isRevoked: boolean
}

/**
 * A consumer: joins, shows that it is there, fetches, processes and commits. What it knows is what it was told; while
 * it is paused everything that comes waits for it, and it goes on as if no time had passed.
 */
export class SimMember {
  readonly instanceId: string | null
  subscription: Subscription
  #isResubscribed = false
  readonly #world: MemberWorld
  #memberId: string | null = null
  readonly #work = new Map<string, Work>()
  /** Changes when it crashes: what belongs to the life before is nothing to it. */
  #life = 0
  #pausedUntil = 0

  constructor(world: MemberWorld, instanceId: string | null, subscription: Subscription) {
    this.#world = world
    this.instanceId = instanceId
    this.subscription = subscription
    this.#join(world.newMemberId())
  }

  /** Its id, or null before it is in. */
  get memberId(): string | null {
    return this.#memberId
  }

  /** What it works on, with the epoch of each. */
  get work(): ReadonlyMap<string, number> {
    return new Map([...this.#work].map(([name, { epoch }]) => [name, epoch]))
  }

  pause(ms: number): void {
    this.#pausedUntil = this.#world.scheduler.now + ms
  }

  /** Ends as a process does that is killed. */
  crash(): void {
    this.#life++
    this.#memberId = null
    this.#work.clear()
  }

  /** Reads other topics from its next heartbeat on. */
  subscribe(subscription: Subscription): void {
    this.subscription = subscription
    this.#isResubscribed = true
  }

  /** Begins anew, as whoever it was by name. */
  start(): void {
    this.#join(this.#world.newMemberId())
  }

  leave(): void {
    const memberId = this.#memberId
    this.crash()
    if (memberId !== null)
      this.#call(
        (core, now) => core.leave(memberId, now),
        () => {},
      )
  }

  #join(memberId: string): void {
    const { instanceId, subscription } = this
    this.#call(
      (core, now) => core.join({ memberId, instanceId, subscription }, now),
      (joined) => {
        if (joined?.ok) {
          this.#memberId = memberId
          this.#adopt(joined.value)
          this.#later(joined.value.heartbeatIntervalMs, () => this.#heartbeat())
          return
        }
        // nobody knows whether it is in: whoever repeats the request by itself asks for the same one
        const { random, newMemberId } = this.#world
        this.#later(random.between(50, 500), () => this.#join(random.chance(0.5) ? memberId : newMemberId()))
      },
    )
  }

  #heartbeat(): void {
    const memberId = this.#memberId!
    const owned = [...this.#work.values()].map(({ topic, partition }) => ({ topic, partition }))
    // said again now and then: a heartbeat that comes late may have brought an older one
    const isSaid = this.#isResubscribed || this.#world.random.chance(0.1)
    const subscription = isSaid ? this.subscription : null
    this.#call(
      (core, now) => core.heartbeat({ memberId, owned, subscription }, now),
      (answer) => {
        if (answer?.ok && subscription === this.subscription) this.#isResubscribed = false
        if (answer?.ok) this.#adopt(answer.value)
        else if (answer?.error.code === "not_found") return this.#rejoin()
        this.#later(answer?.ok ? answer.value.heartbeatIntervalMs : 200, () => this.#heartbeat())
      },
    )
  }

  #rejoin(): void {
    this.crash()
    this.start()
  }

  /** Takes over what the coordinator says. */
  #adopt({ partitions, lost }: MemberView): void {
    const named = new Map(partitions.map((partition) => [nameOf(partition), partition]))
    for (const gone of lost) this.#work.delete(nameOf(gone))
    for (const name of this.#work.keys()) if (!named.has(name)) this.#work.delete(name)
    for (const partition of partitions) this.#take(partition)
  }

  #take({ topic, partition, epoch, offset, revokeAt }: MemberPartition): void {
    const name = nameOf({ topic, partition })
    const known = this.#work.get(name)
    if (known?.epoch === epoch) {
      known.isRevoked ||= revokeAt !== null
      return
    }
    if (revokeAt !== null || offset === null) return
    const work = { topic, partition, epoch, position: offset, committed: offset, isRevoked: false }
    this.#work.set(name, work)
    this.#later(0, () => this.#fetch(work))
  }

  #fetch(work: Work): void {
    if (!this.#isAt(work)) return
    if (work.isRevoked) return this.#giveUp(work)
    const owner = { group: GROUP, generation: GENERATION, memberId: this.#memberId!, epoch: work.epoch }
    this.#ask(
      work,
      (partition) => partition.fetch(owner, work.position, MAX_RECORDS),
      (fetched) => {
        if (!fetched) return this.#later(BUSY_MS, () => this.#fetch(work))
        if (!fetched.ok) return this.#refused(work, fetched.error)
        this.#process(work, fetched.value)
      },
    )
  }

  #process(work: Work, records: readonly SimRecord[]): void {
    const { ledger, random } = this.#world
    for (const record of records) ledger.processed(nameOf(work), record, this.#memberId!)
    work.position = (records.at(-1)?.offset ?? work.position - 1) + 1
    const next = (): void => this.#later(records.length > 0 ? BUSY_MS : IDLE_MS, () => this.#fetch(work))
    // some process more than one batch before they commit; and a commit that comes late may have moved the group back
    const isDue = work.position > work.committed ? records.length === 0 || random.chance(0.7) : random.chance(0.1)
    if (isDue) this.#commit(work, next)
    else next()
  }

  #commit(work: Work, next: () => void): void {
    const { memberId, position: offset } = { memberId: this.#memberId!, position: work.position }
    const owner = { group: GROUP, generation: GENERATION, memberId, epoch: work.epoch }
    this.#ask(
      work,
      (partition) => partition.commitOffset({ ...owner, offset, metadata: "", append: null }),
      (committed) => {
        if (committed && !committed.ok) return this.#refused(work, committed.error)
        if (committed) work.committed = offset
        next()
      },
    )
  }

  /** Commits what it has processed, and shows with its next heartbeat that it is done. */
  #giveUp(work: Work): void {
    // some never find the time
    if (this.#world.random.chance(0.3)) return this.#later(IDLE_MS, () => this.#fetch(work))
    this.#commit(work, () => {
      if (this.#isAt(work)) this.#work.delete(nameOf(work))
    })
  }

  #refused(work: Work, failure: Failure): void {
    if (failure.code === "offset_trimmed") work.position = failure.earliestOffset
    else if (failure.code === "fenced" && this.#isAt(work)) this.#work.delete(nameOf(work))
    this.#later(BUSY_MS, () => this.#fetch(work))
  }

  #isAt(work: Work): boolean {
    return this.#work.get(nameOf(work)) === work
  }

  #ask<T>(
    { topic, partition: index }: TopicPartition,
    serve: (partition: SimPartition) => Result<T, Failure>,
    done: (answer: Result<T, Failure> | null) => void,
  ): void {
    const partition = this.#world.partition(topic, index)!
    this.#world.network.call(() => serve(partition), this.#here(done), CALL_TIMEOUT_MS)
  }

  #call<T extends MemberView | null>(
    serve: (core: Coordinator, now: number) => Result<T, Failure>,
    done: (answer: Result<T, Failure> | null) => void,
  ): void {
    const { coordinator, ledger, network } = this.#world
    const ask = (): Result<T, Failure> => {
      const answer = coordinator.commit(serve)
      if (answer.ok && answer.value) ledger.told(answer.value)
      return answer
    }
    network.call(ask, this.#here(done), CALL_TIMEOUT_MS)
  }

  #later(ms: number, run: () => void): void {
    this.#world.scheduler.after(ms, this.#here(run))
  }

  /** What happens to the member in this life, and not before its pause is over. */
  #here<A extends unknown[]>(run: (...answer: A) => void): (...answer: A) => void {
    const life = this.#life
    const { scheduler } = this.#world
    const arrive = (...answer: A): void => {
      if (life !== this.#life) return
      if (scheduler.now < this.#pausedUntil) return scheduler.at(this.#pausedUntil, () => arrive(...answer))
      run(...answer)
    }
    return arrive
  }
}

/** A partition's name. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

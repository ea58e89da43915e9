import type { Failure } from "../../src/core/errors.ts"
import type { MemberView, TopicPartition } from "../../src/core/group/commands.ts"
import type { Coordinator } from "../../src/core/group/coordinator.ts"
import type { Result } from "../../src/core/result.ts"
import type { ShareReceipt, ShareSettlement } from "../../src/core/stream/share/commands.ts"
import { GENERATION } from "./ledger.ts"
import type { Network } from "./network.ts"
import type { Random } from "./random.ts"
import type { Scheduler } from "./scheduler.ts"
import type { Handed } from "./share-ledger.ts"
import type { SimCoordinator } from "./sim-coordinator.ts"
import type { SimSharePartition } from "./sim-share-partition.ts"

const CALL_TIMEOUT_MS = 2_000
const HEARTBEAT_MS = 500
const BUSY_MS = 30
const IDLE_MS = 250
const LOCK_MS = 1_500

/** What a member needs of the world around it. */
export interface ShareMemberWorld {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly random: Random
  readonly coordinator: SimCoordinator
  readonly topic: string
  readonly partition: (index: number) => SimSharePartition
  readonly newMemberId: () => string
  /** Whether members fail to process what they get. */
  readonly isTroubled: () => boolean
}

/** A member of a share group: takes records where the coordinator sends it, and does with each whatever comes to mind. */
export class SimShareMember {
  readonly #world: ShareMemberWorld
  #partitions: readonly TopicPartition[] = []
  #life = 0
  #pausedUntil = 0

  constructor(world: ShareMemberWorld) {
    this.#world = world
    this.start()
  }

  start(): void {
    const { newMemberId, topic } = this.#world
    const memberId = newMemberId()
    const subscription = { topics: [topic], patterns: [] }
    this.#call(
      (core, now) => core.join({ memberId, instanceId: null, subscription }, now),
      (joined) => {
        if (!joined?.ok) return this.#later(IDLE_MS, () => this.start())
        this.#partitions = joined.value.partitions
        this.#heartbeat(memberId)
        this.#receive()
      },
    )
  }

  crash(): void {
    this.#life++
    this.#partitions = []
  }

  pause(ms: number): void {
    this.#pausedUntil = this.#world.scheduler.now + ms
  }

  #heartbeat(memberId: string): void {
    this.#call(
      (core, now) => core.heartbeat({ memberId, owned: null, subscription: null }, now),
      (answer) => {
        if (answer?.ok) this.#partitions = answer.value.partitions
        else if (answer?.error.code === "not_found") return this.#restart()
        this.#later(HEARTBEAT_MS, () => this.#heartbeat(memberId))
      },
    )
  }

  #restart(): void {
    this.crash()
    this.start()
  }

  /** Asks one of its partitions for records, again and again. */
  #receive(): void {
    const { random, partition } = this.#world
    const again = (ms: number): void => this.#later(ms, () => this.#receive())
    if (this.#partitions.length === 0) return again(IDLE_MS)
    const { partition: index } = random.pick(this.#partitions)
    this.#ask(
      () => partition(index).receive(random.between(1, 5), LOCK_MS),
      (received) => {
        if (!received?.ok) return again(IDLE_MS)
        const { handed, stateId } = received.value
        for (const record of handed) this.#later(random.between(0, 400), () => this.#process(index, stateId, record))
        again(handed.length > 0 ? BUSY_MS : IDLE_MS)
      },
    )
  }

  #process(index: number, stateId: number, { offset, attempt }: Handed): void {
    const receipt = { incarnation: 1, shard: index, stateId, stateGeneration: GENERATION, offset, attempt, count: 1 }
    const settlement = this.#settlementOf(receipt)
    if (!settlement) return
    const send = (left: number): void => {
      this.#ask(
        () => this.#world.partition(index).settle([settlement]),
        (answer) => {
          if (!answer && left > 0) this.#later(BUSY_MS, () => send(left - 1))
          else if (settlement.kind === "extend")
            this.#later(BUSY_MS, () => this.#process(index, stateId, { offset, attempt } as Handed))
        },
      )
    }
    send(2)
  }

  /** What it does with a record; null where it forgets about it. */
  #settlementOf(receipt: ShareReceipt): ShareSettlement | null {
    const { random, isTroubled } = this.#world
    const mood = isTroubled() ? random.next() : 0
    if (mood < 0.6) return { kind: "ack", receipt }
    if (mood < 0.75) return { kind: "nack", receipt, delayMs: random.pick([0, 100, 800]), fault: true, error: null }
    if (mood < 0.82) return { kind: "nack", receipt, delayMs: null, fault: false, error: null }
    if (mood < 0.85) return { kind: "reject", receipt, error: "no" }
    if (mood < 0.9) return { kind: "extend", receipt, lockDurationMs: random.between(1, 3_000) }
    return null
  }

  #call(
    serve: (core: Coordinator, now: number) => Result<MemberView, Failure>,
    done: (answer: Result<MemberView, Failure> | null) => void,
  ): void {
    this.#ask(() => this.#world.coordinator.commit(serve), done)
  }

  #ask<T>(serve: () => T, done: (answer: T | null) => void): void {
    this.#world.network.call(serve, this.#here(done), CALL_TIMEOUT_MS)
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

import { partitionOfKey } from "../../src/core/bytes/murmur2.ts"
import type { TopicInfo } from "../../src/core/group/coordination.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings, withGrowth } from "../../src/core/stream/settings.ts"
import { Crash, type Network } from "./network.ts"
import type { Random } from "./random.ts"
import type { Scheduler } from "./scheduler.ts"
import { type PartitionWorld, SimPartition } from "./sim-partition.ts"

const encoder = new TextEncoder()
const CALL_TIMEOUT_MS = 1_000
const RETRY_MS = 50

/** What a topic needs of the world around it. */
export interface TopicWorld {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly random: Random
  readonly partition: PartitionWorld
}

/** A topic as the catalog has it, with its partitions, and somebody who appends to it. */
export class SimTopic {
  readonly name: string
  readonly partitions: SimPartition[] = []
  readonly #world: TopicWorld
  #settings: TopicSettings
  #version = 1
  #isGrowing = false
  /** How many records each key has. */
  readonly #numbers = new Map<string, number>()

  constructor(world: TopicWorld, name: string, partitions: number, keyOrder: TopicSettings["keyOrder"]) {
    this.name = name
    this.#world = world
    this.#settings = { ...DEFAULT_TOPIC_SETTINGS, partitions, keyOrder, retentionMs: null }
    this.#open()
  }

  get info(): TopicInfo {
    const { partitions, growths } = this.#settings
    return { name: this.name, incarnation: 1, version: this.#version, partitions, growths }
  }

  get isGrowing(): boolean {
    return this.#isGrowing
  }

  close(): void {
    for (const partition of this.partitions) partition.close()
  }

  /** Appends the next record of a key; where the partition is sealed, later, and nothing of the key before it. */
  append(key: string, then: () => void): void {
    const { partitions } = this.#settings
    const partition = this.partitions[partitionOfKey(encoder.encode(key), partitions)]!
    const number = this.#numbers.get(key) ?? 0
    const retry = (): void => this.#world.scheduler.after(RETRY_MS, () => this.append(key, then))
    const endOffset = partition.endOffset
    try {
      if (!partition.append(key, number, partitions).ok) return retry()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      // nobody was told, but whoever looks finds out
      if (partition.endOffset === endOffset) return retry()
    }
    this.#numbers.set(key, number + 1)
    then()
  }

  /** Adds partitions, as the catalog does: seals the old ones where their key order is kept, then makes the new ones. */
  grow(partitions: number): void {
    if (this.#isGrowing || partitions <= this.#settings.partitions) return
    this.#isGrowing = true
    const wanted = withGrowth({ ...this.#settings, partitions }, this.#settings)
    const old = wanted.keyOrder === "preserve" ? [...this.partitions] : []
    this.#each(
      old,
      (partition) => partition.seal(partitions),
      () => this.#become(wanted),
    )
  }

  /** Has a partition go by the newest settings. */
  configure(partition: SimPartition): void {
    partition.configure(this.#settings, this.#version)
  }

  #become(settings: TopicSettings): void {
    this.#settings = settings
    this.#version++
    this.#open()
    this.#each(
      this.partitions,
      (partition) => this.configure(partition),
      () => {
        this.#isGrowing = false
      },
    )
  }

  #open(): void {
    const { partition: world } = this.#world
    for (let index = this.partitions.length; index < this.#settings.partitions; index++) {
      this.partitions.push(new SimPartition(world, this.name, index, this.#settings, this.#version))
    }
  }

  /** Calls every partition until each has answered. */
  #each(partitions: readonly SimPartition[], serve: (partition: SimPartition) => unknown, then: () => void): void {
    let left = partitions.length
    if (left === 0) return then()
    const call = (partition: SimPartition): void => {
      const done = (answer: boolean | null): void => {
        if (answer === null) return this.#world.scheduler.after(RETRY_MS, () => call(partition))
        if (--left === 0) then()
      }
      const answered = (): boolean => {
        serve(partition)
        return true
      }
      this.#world.network.call(answered, done, CALL_TIMEOUT_MS)
    }
    for (const partition of partitions) call(partition)
  }
}

import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../../src/core/group/settings.ts"
import { ok } from "../../src/core/result.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../src/core/stream/settings.ts"
import type { ShareFault } from "./faults.ts"
import { GENERATION, GROUP, type Trace, Violation } from "./ledger.ts"
import { CALM, Crash, Network, type Weather } from "./network.ts"
import { Random } from "./random.ts"
import { Scheduler } from "./scheduler.ts"
import { ShareLedger } from "./share-ledger.ts"
import { SimCoordinator } from "./sim-coordinator.ts"
import { SimShareMember } from "./sim-share-member.ts"
import { SimSharePartition } from "./sim-share-partition.ts"

const TROUBLE_MS = 12_000
const SETTLING_MS = 120_000
const LOOK_MS = 1_000
const TOPIC = "shared"
const KEYS = ["a", "b", "c", "d"]
const WEATHERS: readonly Weather[] = [
  { loss: 0, repeat: 0, delay: 0.02, maxDelayMs: 1_000 },
  { loss: 0.03, repeat: 0.05, delay: 0.05, maxDelayMs: 3_000 },
  { loss: 0.15, repeat: 0.1, delay: 0.1, maxDelayMs: 6_000 },
]

/** A share group in trouble: more members than partitions, and records that nobody seems to manage. */
export class ShareWorld {
  readonly #random: Random
  readonly #scheduler: Scheduler
  readonly #network: Network
  readonly #ledger: ShareLedger
  readonly #coordinator: SimCoordinator
  readonly #partitions: SimSharePartition[] = []
  readonly #members: SimShareMember[] = []
  readonly #settings: GroupSettings
  readonly #crashRate: number
  readonly #fault: ShareFault | null
  readonly #numbers = new Map<string, number>()
  #memberIds = 0
  #isTroubled = true

  constructor(seed: number, fault: ShareFault | null = null, trace: Trace = () => {}) {
    const random = new Random(seed)
    this.#random = random
    this.#fault = fault
    this.#scheduler = new Scheduler(random)
    this.#network = new Network(this.#scheduler, random)
    this.#network.weather = random.pick(WEATHERS)
    this.#crashRate = random.pick([0, 0.005, 0.03])
    this.#settings = {
      ...DEFAULT_GROUP_SETTINGS,
      type: "share",
      ordering: fault === "keys out of order" || random.chance(0.5) ? "key" : "none",
      maxDeliveries: random.pick([1, 2, 5]),
      maxLocks: random.pick([3, 2_000]),
      retryDelay: { kind: "constant", delayMs: random.pick([0, 300]) },
      autoOffsetReset: "earliest",
      sessionTimeoutMs: 3_000,
    }
    this.#ledger = new ShareLedger(this.#settings, (what) => trace(`${this.#scheduler.now} ${what}`))
    for (let count = random.between(1, 3); count > 0; count--) this.#addPartition()
    this.#coordinator = this.#newCoordinator()
    for (let count = random.between(2, 5); count > 0; count--) this.#addMember()
  }

  /** Makes trouble for a while, then none; throws a Violation where something is broken on the way or in the end. */
  run(): void {
    for (const key of KEYS) this.#produce(key)
    this.#disturb()
    this.#scheduler.run(TROUBLE_MS)
    this.#isTroubled = false
    this.#network.weather = CALM
    for (const member of this.#members) member.pause(0)
    for (let waitedMs = 0; !this.#isDrained(); waitedMs += LOOK_MS) {
      if (waitedMs >= SETTLING_MS) throw new Violation("comes to no end")
      this.#scheduler.run(LOOK_MS)
    }
    for (const partition of this.#partitions) this.#audit(partition)
  }

  close(): void {
    this.#coordinator.close()
    for (const partition of this.#partitions) partition.close()
  }

  #newCoordinator(): SimCoordinator {
    return new SimCoordinator(
      {
        scheduler: this.#scheduler,
        network: this.#network,
        crash: () => this.#crash(),
        fault: null,
        serve: ({ kind, partition }) => {
          if (kind !== "open") throw new Error(`${kind} is not for a share group`)
          const opened = this.#partitions[partition]!.open()
          return opened.ok ? ok(null) : opened
        },
        lookUp: () => {
          const partitions = this.#partitions.length
          return [{ name: TOPIC, incarnation: 1, version: partitions, partitions, growths: [] }]
        },
        seen: () => {},
      },
      this.#settings,
    )
  }

  #crash(): "before" | "after" | null {
    if (!this.#isTroubled || !this.#random.chance(this.#crashRate)) return null
    return this.#random.chance(0.5) ? "before" : "after"
  }

  #addPartition(): void {
    const ledger = this.#ledger
    const world = { now: () => this.#scheduler.now, crash: () => this.#crash(), fault: null, ledger }
    const terms = { group: GROUP, generation: GENERATION, version: 1, settings: this.#settings }
    const sharing = {
      scheduler: this.#scheduler,
      random: this.#random,
      shares: ledger,
      shareFault: this.#fault,
      terms,
    }
    const index = this.#partitions.length
    this.#partitions.push(
      new SimSharePartition(world, sharing, TOPIC, index, { ...DEFAULT_TOPIC_SETTINGS, retentionMs: null }),
    )
  }

  #addMember(): void {
    this.#members.push(
      new SimShareMember({
        scheduler: this.#scheduler,
        network: this.#network,
        random: this.#random,
        coordinator: this.#coordinator,
        topic: TOPIC,
        partition: (index) => this.#partitions[index]!,
        newMemberId: () => `member-${++this.#memberIds}`,
        isTroubled: () => this.#isTroubled,
      }),
    )
  }

  /** Records of a key keep coming, each to any partition. */
  #produce(key: string): void {
    if (!this.#isTroubled) return
    const partition = this.#random.pick(this.#partitions)
    const number = this.#numbers.get(key) ?? 0
    this.#numbers.set(key, number + 1)
    this.#unlessCrashed(() => partition.append(key, number, 1))
    this.#scheduler.after(this.#random.between(50, 900), () => this.#produce(key))
  }

  #disturb(): void {
    this.#scheduler.after(this.#random.between(50, 1_200), () => {
      if (!this.#isTroubled) return
      const random = this.#random
      const member = random.pick(this.#members)
      const partition = random.pick(this.#partitions)
      const disturbances = [
        () => this.#coordinator.restart(random.pick([0, 500])),
        () => partition.restart(),
        () => member.pause(random.pick([300, 2_000, 5_000])),
        () => this.#replace(member),
        () => this.#members.length < 8 && this.#addMember(),
        () => this.#partitions.length < 4 && this.#addPartition(),
        () => random.chance(0.5) && this.#trim(partition),
      ]
      random.pick(disturbances)()
      this.#disturb()
    })
  }

  #replace(member: SimShareMember): void {
    member.crash()
    this.#scheduler.after(this.#random.pick([0, 500, 4_000]), () => member.start())
  }

  #trim(partition: SimSharePartition): void {
    this.#unlessCrashed(() => partition.trim(this.#random.between(partition.startOffset, partition.endOffset)))
  }

  #unlessCrashed(act: () => unknown): void {
    try {
      act()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
    }
  }

  #isDrained(): boolean {
    return this.#partitions.every(({ statistics, endOffset }) => statistics?.startOffset === endOffset)
  }

  /** Every record came to an end, and the partition has counted it so. */
  #audit(partition: SimSharePartition): void {
    const lost = this.#ledger.lost(partition.name, partition.startOffset)
    if (lost) throw new Violation(`${partition.name}: ${lost.offset} was lost`)
    const { accepted, left } = this.#ledger.counts(partition.name)
    const { statistics } = partition
    if (statistics?.accepted !== accepted || statistics.dropped > left) {
      throw new Violation(
        `${partition.name}: ${accepted} accepted and ${left} left, it says ${JSON.stringify(statistics)}`,
      )
    }
  }
}

import { matchesPattern } from "../../src/core/group/glob.ts"
import type { PartitionCall, TopicInfo, TopicLookup } from "../../src/core/group/coordination.ts"
import type { Failure } from "../../src/core/errors.ts"
import { err, type Result } from "../../src/core/result.ts"
import type { GroupOffset } from "../../src/core/stream/group-commands.ts"
import type { Subscription } from "../../src/core/group/commands.ts"
import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../../src/core/group/settings.ts"
import type { Fault } from "./faults.ts"
import { Ledger, type Trace, Violation } from "./ledger.ts"
import { CALM, Crash, Network, type Weather } from "./network.ts"
import { Random } from "./random.ts"
import { Scheduler } from "./scheduler.ts"
import { SimCoordinator } from "./sim-coordinator.ts"
import { type MemberWorld, SimMember } from "./sim-member.ts"
import type { SimPartition } from "./sim-partition.ts"
import { SimTopic, type TopicWorld } from "./sim-topic.ts"
import { unsettled } from "./unsettled.ts"

const TROUBLE_MS = 15_000
/** By then a group without trouble has settled: calls time out, retries back off, sessions end. */
const SETTLING_MS = 120_000
const LOOK_MS = 1_000
const MAX_MEMBERS = 6
const WEATHERS: readonly Weather[] = [
  { loss: 0, repeat: 0, delay: 0.02, maxDelayMs: 1_000 },
  { loss: 0.02, repeat: 0.05, delay: 0.05, maxDelayMs: 4_000 },
  { loss: 0.15, repeat: 0.1, delay: 0.1, maxDelayMs: 12_000 },
]
/** Whose keys keep their order when partitions are added. */
const ORDERED = "ordered"
const RELAXED = "other-1"
const LATE = "other-2"
const EVERYTHING: Subscription = { topics: [ORDERED], patterns: ["other-*"] }
const SUBSCRIPTIONS: readonly Subscription[] = [
  EVERYTHING,
  { topics: [ORDERED, RELAXED], patterns: [] },
  { topics: [ORDERED], patterns: [] },
]

/** A group in trouble: its coordinator, its partitions and its members, under one clock and one seed. */
export class GroupWorld {
  readonly #random: Random
  readonly #scheduler: Scheduler
  readonly #network: Network
  readonly #ledger: Ledger
  readonly #coordinator: SimCoordinator
  readonly #topics = new Map<string, SimTopic>()
  readonly #members: SimMember[] = []
  readonly #gone = new Set<SimMember>()
  readonly #settings: GroupSettings
  readonly #crashRate: number
  readonly #isUniform: boolean
  readonly #fault: Fault | null
  readonly #trace: Trace
  #memberIds = 0
  #instances = 0
  #isTroubled = true

  constructor(seed: number, fault: Fault | null = null, trace: Trace = () => {}) {
    const random = new Random(seed)
    this.#random = random
    this.#fault = fault
    this.#scheduler = new Scheduler(random)
    this.#network = new Network(this.#scheduler, random)
    this.#network.weather = random.pick(WEATHERS)
    this.#crashRate = random.pick([0, 0.005, 0.03])
    this.#isUniform = random.chance(0.7)
    const startsLate = random.chance(0.2)
    this.#settings = {
      ...DEFAULT_GROUP_SETTINGS,
      assignor: random.chance(0.75) ? "uniform" : "range",
      sessionTimeoutMs: 3_000,
      heartbeatIntervalMs: 500,
      rebalanceTimeoutMs: 2_000,
      autoOffsetReset: startsLate ? "latest" : "earliest",
    }
    const startOf = (name: string): number => this.#named(name)!.startOffset
    this.#trace = (what) => trace(`${this.#scheduler.now} ${what}`)
    const ordered = new Set([ORDERED])
    this.#ledger = new Ledger({ ordered, startOf, mayBeginLate: startsLate, trace: this.#trace })
    this.#addTopic(ORDERED, random.between(1, 4), "preserve")
    this.#addTopic(RELAXED, random.between(1, 3), "relaxed")
    this.#coordinator = this.#newCoordinator()
    for (let count = random.between(1, 4); count > 0; count--) this.#addMember()
  }

  /** Makes trouble for a while, then none; throws a Violation where something is broken on the way or in the end. */
  run(): void {
    this.#produce()
    this.#disturb()
    this.#scheduler.run(TROUBLE_MS)
    this.#isTroubled = false
    this.#network.weather = CALM
    for (const member of this.#members) member.pause(0)
    for (let waitedMs = 0; this.#unsettled() !== null; waitedMs += LOOK_MS) {
      if (waitedMs >= SETTLING_MS) throw new Violation(`does not settle: ${this.#unsettled()}`)
      this.#scheduler.run(LOOK_MS)
    }
  }

  close(): void {
    this.#coordinator.close()
    for (const topic of this.#topics.values()) topic.close()
  }

  #newCoordinator(): SimCoordinator {
    return new SimCoordinator(
      {
        scheduler: this.#scheduler,
        network: this.#network,
        crash: () => this.#crash(),
        fault: this.#fault,
        serve: (call) => this.#serve(call),
        lookUp: (asked) => this.#lookUp(asked),
        seen: (topics) => {
          for (const { topic, partitions } of topics) this.#ledger.seen(topic, partitions.length)
        },
      },
      this.#settings,
    )
  }

  /** What the partition answers, at which a call of the coordinator has arrived. */
  #serve(call: PartitionCall): Result<GroupOffset | null, Failure> {
    const topic = this.#topics.get(call.topic)
    const partition = topic?.partitions[call.partition]
    if (!topic || !partition) return err({ code: "not_found", resource: "topic", name: call.topic })
    // whoever knows newer settings has the object fetch them
    if (call.version > partition.version) topic.configure(partition)
    if (call.version < partition.version) return err({ code: "stale_metadata", version: partition.version })
    return partition.serve(call)
  }

  #crash(): "before" | "after" | null {
    if (!this.#isTroubled || !this.#random.chance(this.#crashRate)) return null
    return this.#random.chance(0.5) ? "before" : "after"
  }

  #partition(topic: string, index: number): SimPartition | null {
    return this.#topics.get(topic)?.partitions[index] ?? null
  }

  #named(name: string): SimPartition | null {
    const [topic, index] = name.split("/")
    return this.#partition(topic!, Number(index))
  }

  #lookUp({ topics, patterns }: TopicLookup): TopicInfo[] {
    const isAsked = (name: string): boolean => {
      return topics.includes(name) || patterns.some((pattern) => matchesPattern(pattern, name))
    }
    return [...this.#topics.values()].filter(({ name }) => isAsked(name)).map(({ info }) => info)
  }

  #addTopic(name: string, partitions: number, keyOrder: "preserve" | "relaxed"): void {
    const partition = {
      now: () => this.#scheduler.now,
      crash: () => this.#crash(),
      fault: this.#fault,
      ledger: this.#ledger,
    }
    const world: TopicWorld = { scheduler: this.#scheduler, network: this.#network, random: this.#random, partition }
    this.#topics.set(name, new SimTopic(world, name, partitions, keyOrder))
  }

  #addMember(): void {
    const world: MemberWorld = {
      scheduler: this.#scheduler,
      network: this.#network,
      random: this.#random,
      coordinator: this.#coordinator,
      ledger: this.#ledger,
      partition: (topic, index) => this.#partition(topic, index),
      newMemberId: () => `member-${++this.#memberIds}`,
    }
    const instanceId = this.#random.chance(0.4) ? `instance-${++this.#instances}` : null
    const subscription = this.#isUniform ? EVERYTHING : this.#random.pick(SUBSCRIPTIONS)
    this.#members.push(new SimMember(world, instanceId, subscription))
  }

  /** Records keep coming, of few keys to each topic. */
  #produce(): void {
    for (const topic of this.#topics.keys()) {
      for (const key of ["a", "b", "c", "d", "e"]) this.#produceKey(topic, key)
    }
  }

  #produceKey(topic: string, key: string): void {
    if (!this.#isTroubled) return
    this.#topics.get(topic)!.append(key, () => {
      this.#scheduler.after(this.#random.between(50, 1_500), () => this.#produceKey(topic, key))
    })
  }

  /** Something happens, again and again. */
  #disturb(): void {
    this.#scheduler.after(this.#random.between(50, 1_500), () => {
      if (!this.#isTroubled) return
      this.#random.pick(this.#disturbances())()
      this.#disturb()
    })
  }

  #disturbances(): readonly (() => void)[] {
    const random = this.#random
    const there = this.#members.filter((member) => !this.#gone.has(member))
    const member = there.length > 0 ? random.pick(there) : null
    const topic = random.pick([...this.#topics.values()])
    return [
      () => this.#restart(random.pick([0, 0, 500, 4_000])),
      () => random.pick(topic.partitions).restart(),
      () => member?.pause(random.pick([300, 2_000, 5_000, 9_000])),
      () => member && this.#replace(member),
      () => there.length < MAX_MEMBERS && this.#addMember(),
      () => this.#grow(topic, topic.partitions.length + random.between(1, 2)),
      () => this.#trim(random.pick(topic.partitions)),
      () => this.#addLateTopic(),
      () => this.#seek(topic.name),
      () => !this.#isUniform && member?.subscribe(random.pick(SUBSCRIPTIONS)),
    ]
  }

  #restart(downMs: number): void {
    this.#trace(`the coordinator restarts, down for ${downMs} ms`)
    this.#coordinator.restart(downMs)
  }

  /** A member goes, for good or for a while. */
  #replace(member: SimMember): void {
    if (this.#random.chance(0.3)) {
      member.leave()
      this.#gone.add(member)
      return
    }
    member.crash()
    this.#gone.add(member)
    if (this.#random.chance(0.3)) return
    this.#scheduler.after(this.#random.pick([0, 500, 4_000]), () => {
      this.#gone.delete(member)
      member.start()
    })
  }

  #grow(topic: SimTopic, partitions: number): void {
    this.#trace(`${topic.name} is to have ${partitions} partitions`)
    topic.grow(partitions)
  }

  #trim(partition: SimPartition): void {
    // whoever begins late would pass by what is there
    if (this.#settings.autoOffsetReset === "latest" || this.#random.chance(0.5)) return
    try {
      this.#trace(`${partition.name} is trimmed`)
      partition.trim(this.#random.between(partition.startOffset, partition.endOffset))
    } catch (error) {
      if (!(error instanceof Crash)) throw error
    }
  }

  /** Moves the group back in a topic. */
  #seek(topic: string): void {
    // where the group begins late, what stood before would count from then on
    if (this.#settings.autoOffsetReset === "latest") return
    this.#trace(`${topic} is to be read again`)
    const target = this.#random.chance(0.5) ? ({ kind: "earliest" } as const) : ({ kind: "shift", by: -3 } as const)
    try {
      this.#coordinator.commit((core, now) => core.seek({ topic, partitions: null, target, dryRun: false }, now))
    } catch (error) {
      if (!(error instanceof Crash)) throw error
    }
  }

  #addLateTopic(): void {
    if (this.#topics.has(LATE)) return
    this.#addTopic(LATE, this.#random.between(1, 3), "relaxed")
    for (const key of ["a", "b"]) this.#produceKey(LATE, key)
  }

  /** What is not as it should be in the end, or null. */
  #unsettled(): string | null {
    const { state } = this.#coordinator.core.describe()
    const topics = [...this.#topics.values()]
    const members = this.#members.filter((member) => !this.#gone.has(member))
    if (topics.some(({ isGrowing }) => isGrowing)) return "a topic grows"
    if (members.length === 0) return null
    if (state !== "stable") return `the group is ${state}`
    return unsettled({ topics, members, assignor: this.#settings.assignor, ledger: this.#ledger })
  }
}

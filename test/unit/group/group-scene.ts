import type { Failure } from "../../../src/core/errors.ts"
import type { HeartbeatRequest, MemberView, Subscription, TopicPartition } from "../../../src/core/group/commands.ts"
import type {
  GroupChanges,
  PartitionCall,
  StoredAssignment,
  StoredMember,
  StoredStanding,
  TopicInfo,
  TopicLookup,
} from "../../../src/core/group/coordination.ts"
import { Coordinator } from "../../../src/core/group/coordinator.ts"
import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../../../src/core/group/settings.ts"
import { err, type Result } from "../../../src/core/result.ts"
import type { GroupOffset } from "../../../src/core/stream/group-commands.ts"
import type { Growth } from "../../../src/core/stream/settings.ts"
import { FakePartition } from "./fake-partition.ts"

/** A topic of the catalog, with its partitions. */
export interface FakeTopic {
  readonly incarnation: number
  version: number
  growths: readonly Growth[]
  readonly partitions: FakePartition[]
}

const UNAVAILABLE: Failure = { code: "unavailable", retryAfterMs: 100 }

/** A coordinator with what is around it: storage, a catalog, partitions, and calls that are under way. */
export class GroupScene {
  now = 1_000_000
  coordinator: Coordinator
  settings: GroupSettings
  readonly catalog = new Map<string, FakeTopic>()
  isCatalogDown = false
  /** `topic/partition` of those that answer nothing. */
  readonly unreachable = new Set<string>()
  underWay: PartitionCall[] = []
  asked: TopicLookup | null = null
  /** All calls that were ever made. */
  readonly calls: PartitionCall[] = []
  /** Rows written. */
  rows = 0
  readonly news: string[] = []
  readonly expelled: string[] = []
  /** The object is gone after so many more commits; null for never. */
  commitsUntilRestart: number | null = null
  #stored: StoredStanding = { epoch: 0, emptySince: null, restartedAt: null, isRebalanceOwed: false }
  readonly #members = new Map<string, StoredMember>()
  readonly #assignments = new Map<string, StoredAssignment>()
  #versions = 0

  constructor(settings: Partial<GroupSettings> = {}) {
    this.settings = { ...DEFAULT_GROUP_SETTINGS, autoOffsetReset: "earliest", ...settings }
    this.coordinator = this.#load()
  }

  /** Creates a topic, or one anew. */
  create(name: string, partitions: number): FakeTopic {
    const version = ++this.#versions
    const topic: FakeTopic = {
      incarnation: version,
      version,
      growths: [],
      partitions: Array.from({ length: partitions }, () => new FakePartition(version)),
    }
    this.catalog.set(name, topic)
    return topic
  }

  /** Adds partitions; with key order kept the old ones are cut where they end. */
  grow(name: string, to: number, keyOrder: "preserve" | "relaxed" = "relaxed"): FakeTopic {
    const topic = this.catalog.get(name)!
    const from = topic.partitions.length
    if (keyOrder === "preserve") {
      topic.growths = [...topic.growths, { from, to }]
      for (const partition of topic.partitions) partition.cut(to)
    }
    topic.version = ++this.#versions
    while (topic.partitions.length < to) topic.partitions.push(new FakePartition(topic.version))
    for (const partition of topic.partitions) partition.version = topic.version
    return topic
  }

  partition(topic: string, partition: number): FakePartition {
    return this.catalog.get(topic)!.partitions[partition]!
  }

  /** One commit of the group's object: what it decides is stored, and then calls are made. */
  commit<T>(command: (coordinator: Coordinator, now: number) => T): T {
    const answer = command(this.coordinator, this.now)
    this.coordinator.settle(this.now)
    this.#store(this.coordinator.takeChanges())
    const calls = this.coordinator.takeCalls(this.now)
    this.underWay.push(...calls)
    this.calls.push(...calls)
    this.asked = this.coordinator.lookups(this.now) ?? this.asked
    this.news.push(...this.coordinator.takeNews())
    this.expelled.push(...this.coordinator.takeExpelled())
    if (this.commitsUntilRestart !== null && this.commitsUntilRestart-- === 0) this.restart()
    return answer
  }

  join(memberId: string, subscription: Partial<Subscription>, instanceId: string | null = null): MemberView {
    const request = { memberId, instanceId, subscription: { topics: [], patterns: [], ...subscription } }
    return valueOf(this.commit((group, now) => group.join(request, now)))
  }

  /** Many members at once, in one commit. */
  joinAll(memberIds: readonly string[], topics: readonly string[]): void {
    this.commit((group, now) => {
      for (const memberId of memberIds) {
        valueOf(group.join({ memberId, instanceId: null, subscription: { topics, patterns: [] } }, now))
      }
    })
  }

  heartbeat(memberId: string, parts: Partial<HeartbeatRequest> = {}): Result<MemberView, Failure> {
    return this.commit((group, now) => group.heartbeat({ memberId, owned: null, subscription: null, ...parts }, now))
  }

  /** A heartbeat of a member that gives up at once what it is asked to. */
  obey(memberId: string): MemberView {
    const owned = this.view(memberId).partitions.filter(({ revokeAt }) => revokeAt === null)
    return valueOf(this.heartbeat(memberId, { owned }))
  }

  leave(memberId: string): void {
    valueOf(this.commit((group, now) => group.leave(memberId, now)))
  }

  view(memberId: string): MemberView {
    return valueOf(this.coordinator.view(memberId))
  }

  /** What a member is shown, as `topic/partition@epoch`, with `!` where it is to give it up. */
  shown(memberId: string): string[] {
    return this.view(memberId).partitions.map(({ topic, partition, epoch, revokeAt }) => {
      return `${topic}/${partition}@${epoch}${revokeAt === null ? "" : "!"}`
    })
  }

  /** Names of what a member is shown. */
  has(memberId: string): string[] {
    return this.view(memberId).partitions.map(({ topic, partition }) => `${topic}/${partition}`)
  }

  /** How many partitions each has. */
  sizes(...memberIds: string[]): number[] {
    return memberIds.map((id) => this.view(id).partitions.length)
  }

  /** Answers what is under way now, and not what comes of it. */
  answer(): void {
    for (const call of this.underWay.splice(0)) this.deliver(call, this.result(call))
    this.answerLookup()
  }

  answerLookup(): void {
    const { asked } = this
    this.asked = null
    if (asked) this.commit((group, now) => group.noteTopics(asked, this.isCatalogDown ? null : this.found(asked), now))
  }

  /** What the catalog says now. */
  found({ topics, patterns }: TopicLookup): TopicInfo[] {
    return [...this.catalog].flatMap(([name, { incarnation, version, growths, partitions }]) => {
      const isWanted = topics.includes(name) || patterns.some((pattern) => name.startsWith(pattern.split("*", 1)[0]!))
      return isWanted ? [{ name, incarnation, version, growths, partitions: partitions.length }] : []
    })
  }

  /** Makes a call at its partition. */
  result(call: PartitionCall): Result<GroupOffset | null, Failure> {
    if (this.unreachable.has(`${call.topic}/${call.partition}`)) return err(UNAVAILABLE)
    const partition = this.catalog.get(call.topic)?.partitions[call.partition]
    return partition?.call(call) ?? err({ code: "not_found", resource: "topic", name: call.topic })
  }

  deliver(call: PartitionCall, result: Result<GroupOffset | null, Failure>): void {
    this.commit((group, now) => group.answered(call, result, now))
  }

  /** Lets time pass; everything is answered at once, and what is due happens when it is due. */
  run(ms: number): void {
    const until = this.now + ms
    for (let rounds = 0; rounds < 100_000; rounds++) {
      this.answer()
      if (this.underWay.length > 0 || this.asked) continue
      const next = this.coordinator.nextDeadlineAt()
      if (next === null || next > until) break
      this.now = Math.max(this.now, next)
      this.commit(() => null)
    }
    this.now = until
    this.commit(() => null)
  }

  /** Lets time pass with heartbeats of members that give up what they are asked to. */
  live(memberIds: readonly string[], ms: number): void {
    for (let passed = 0; passed < ms; passed += 200) {
      this.run(200)
      for (const id of memberIds) this.obey(id)
    }
    this.run(0)
  }

  /** The object is gone, with what it was told and not stored, and there again. */
  wake(): void {
    this.underWay = []
    this.asked = null
    this.coordinator = this.#load()
  }

  /** As `wake`, and something happens at once. */
  restart(): void {
    this.wake()
    this.commit(() => null)
  }

  get epoch(): number {
    return this.coordinator.describe().epoch
  }

  get stored() {
    return { ...this.#stored, members: [...this.#members.values()], assignments: [...this.#assignments.values()] }
  }

  /** Forgets what was stored since `stored` was taken, as a restored backup does. */
  restore(stored: GroupScene["stored"]): void {
    const { epoch, emptySince, restartedAt, isRebalanceOwed } = stored
    this.#stored = { epoch, emptySince, restartedAt, isRebalanceOwed }
    this.#members.clear()
    this.#assignments.clear()
    for (const member of stored.members) this.#members.set(member.id, member)
    for (const assignment of stored.assignments) this.#assignments.set(assignment.topic, assignment)
    this.restart()
  }

  #load(): Coordinator {
    return new Coordinator({ ...this.stored, settings: this.settings, now: this.now })
  }

  #store(changes: GroupChanges | null): void {
    if (!changes) return
    const { epoch, membersWritten, membersRemoved, assignmentsWritten, assignmentsRemoved } = changes
    if (epoch) this.#stored = epoch
    for (const member of membersWritten) this.#members.set(member.id, member)
    for (const id of membersRemoved) this.#members.delete(id)
    for (const assignment of assignmentsWritten) this.#assignments.set(assignment.topic, assignment)
    for (const topic of assignmentsRemoved) this.#assignments.delete(topic)
    const lists = [membersWritten, membersRemoved, assignmentsWritten, assignmentsRemoved]
    this.rows += (epoch ? 1 : 0) + lists.reduce((sum, { length }) => sum + length, 0)
  }
}

export function valueOf<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`)
  return result.value
}

/** `t/1` as a partition. */
export function at(name: string): TopicPartition {
  const [topic = "", partition] = name.split("/")
  return { topic, partition: Number(partition) }
}

/** `a` is to have the only partition, and the partition is being told. */
export function granting(): GroupScene {
  const scene = new GroupScene()
  scene.create("t", 1)
  scene.join("a", { topics: ["t"] })
  scene.answer()
  scene.now += 200
  scene.commit(() => null)
  return scene
}

/** Whom the partitions were told to serve, and at which epochs, in order. */
export function grantsTo(scene: GroupScene): [string | null, number][] {
  return scene.calls.flatMap((call) => (call.kind === "grant" ? [[call.request.memberId, call.request.epoch]] : []))
}

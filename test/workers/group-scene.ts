import { runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { expect } from "vitest"
import type { Failure } from "../../src/core/errors.ts"
import type { MemberView, Subscription, TopicPartition } from "../../src/core/group/commands.ts"
import type { GroupSettings } from "../../src/core/group/settings.ts"
import type { Result } from "../../src/core/result.ts"
import type { CommitRequest, GroupOffset } from "../../src/core/stream/group-commands.ts"
import type { TopicSettings } from "../../src/core/stream/settings.ts"
import type { DurableDatabase } from "../../src/store/durable-database.ts"
import { batchOf } from "./support.ts"

/** Long enough for a machine that is busy with something else. */
export const PATIENCE = { timeout: 20_000, interval: 20 }

let serial = 0

/** One group in a namespace of its own, with real partitions. */
export class GroupScene {
  readonly namespace: string
  readonly catalog: ReturnType<typeof env.CATALOG.getByName>
  #version = 0
  #generation = 0

  private constructor() {
    this.namespace = `groups${serial++}`
    this.catalog = env.CATALOG.getByName(this.namespace)
  }

  /** A group `g` and a topic `t`. */
  static async open(settings: Partial<GroupSettings> = {}, partitions = 4): Promise<GroupScene> {
    const scene = new GroupScene()
    await scene.topic("t", { partitions })
    await scene.put(settings)
    return scene
  }

  get generation(): number {
    return this.#generation
  }

  get version(): number {
    return this.#version
  }

  get group() {
    return env.GROUPS.getByName(`${this.namespace}/g/0`)
  }

  partition(index: number, topic = "t") {
    return env.PARTITIONS.getByName(`${this.namespace}/${topic}/${index}`)
  }

  async put(settings: Partial<GroupSettings>): Promise<void> {
    const put = valueOf(await this.catalog.putGroup("g", settings))
    this.#version = put.entry.version
    this.#generation = put.entry.incarnation
  }

  async topic(name: string, settings: Partial<TopicSettings>): Promise<void> {
    valueOf(await this.catalog.putTopic(name, settings))
  }

  async versionOf(topic = "t"): Promise<number> {
    return valueOf(await this.catalog.getTopic(topic)).version
  }

  /** Appends records, and answers where the log ends. */
  async append(partition: number, count: number, topic = "t"): Promise<number> {
    const bodies = Array.from({ length: count }, (_, index) => `${index}`)
    const appended = await this.partition(partition, topic).append(await this.versionOf(topic), batchOf(bodies), null)
    return (valueOf(appended).baseOffset ?? 0) + count
  }

  async join(
    memberId: string,
    subscription: Partial<Subscription> = { topics: ["t"] },
    instanceId: string | null = null,
  ): Promise<MemberView> {
    const wanted = { topics: [], patterns: [], ...subscription }
    return valueOf(await this.group.join(this.#version, { memberId, instanceId, subscription: wanted }))
  }

  async member(memberId: string): Promise<MemberView> {
    return valueOf(await this.group.member(this.#version, memberId))
  }

  heartbeat(memberId: string, owned: readonly TopicPartition[] | null = null): Promise<Result<MemberView, Failure>> {
    return this.group.heartbeat(this.#version, { memberId, owned, subscription: null })
  }

  /** A member that does all it is asked: gives up what is revoked, until it has exactly `partitions`. */
  async settlesWith(memberId: string, partitions: readonly string[]): Promise<MemberView> {
    await expect
      .poll(async () => {
        const view = valueOf(await this.heartbeat(memberId))
        const kept = view.partitions.filter(({ revokeAt }) => revokeAt === null)
        const after = valueOf(await this.heartbeat(memberId, kept))
        return after.isWaiting ? "waiting" : namesOf(after)
      }, PATIENCE)
      .toEqual(partitions)
    return this.member(memberId)
  }

  /** Several members that do all they are asked, until they have these numbers of partitions. */
  async settle(counts: Readonly<Record<string, number>>): Promise<Record<string, MemberView>> {
    const views: Record<string, MemberView> = {}
    await expect
      .poll(async () => {
        for (const memberId of Object.keys(counts)) {
          const view = valueOf(await this.heartbeat(memberId))
          const kept = view.partitions.filter(({ revokeAt }) => revokeAt === null)
          views[memberId] = kept.length < view.partitions.length ? valueOf(await this.heartbeat(memberId, kept)) : view
        }
        return Object.fromEntries(
          Object.entries(views).map(([id, view]) => [id, view.isWaiting ? "waiting" : view.partitions.length]),
        )
      }, PATIENCE)
      .toEqual(counts)
    return views
  }

  /** Commits as a member that believes in what it was told. */
  async commit(view: MemberView, partition: number, offset: number, topic = "t") {
    const owned = view.partitions.find((place) => place.topic === topic && place.partition === partition)
    if (!owned) throw new Error(`${view.memberId} does not have ${partition}`)
    const proof = { group: "g", generation: this.#generation, memberId: view.memberId, epoch: owned.epoch }
    const request: CommitRequest = { ...proof, offset, metadata: "", append: null }
    return this.partition(partition, topic).commitOffset(await this.versionOf(topic), request)
  }

  /** What the coordinator has written since it was loaded, and how far its alarm is away. */
  async cost(): Promise<{ readonly commits: number; readonly rowsWritten: number; readonly alarmInMs: number }> {
    return runInDurableObject(this.group, async (group, state) => {
      const { rowsWritten } = (group as unknown as { readonly database: DurableDatabase }).database.cost
      const alarmInMs = ((await state.storage.getAlarm()) ?? 0) - Date.now()
      return { commits: group.commits, rowsWritten, alarmInMs }
    })
  }

  /** Where the group stands in a partition, of this life of the group unless it says otherwise. */
  async offsetOf(partition: number, topic = "t", generation = this.#generation): Promise<GroupOffset> {
    const version = await this.versionOf(topic)
    return valueOf(await this.partition(partition, topic).groupOffset(version, "g", generation))
  }
}

/** What a call answered; fails the test where it was refused. */
export function valueOf<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

/** A member's partitions as `topic/partition`, in order. */
export function namesOf({ partitions }: MemberView): string[] {
  return partitions.map(({ topic, partition }) => `${topic}/${partition}`).toSorted()
}

import type { Failure } from "../core/errors.ts"
import type { GroupSeekRequest } from "../core/group/commands.ts"
import type { PartitionCall, TopicInfo, TopicLookup } from "../core/group/coordination.ts"
import type { GroupSettings } from "../core/group/settings.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { GroupOffset } from "../core/stream/group-commands.ts"
import { objectName } from "./contract.ts"
import type { ObjectEnv } from "./env.ts"
import { lookUpTopics, topicInfo } from "./group-lookups.ts"
import { type Preview, previewSeek } from "./group-seek.ts"

/** How long a call may take before it counts as failed. */
const TIMEOUT_MS = 10_000

/** Partitions that are told at the same time that the group is gone. */
const CALLS_AT_ONCE = 64

const NO_ANSWER: Failure = { code: "unavailable", retryAfterMs: 1_000 }

/** Who calls: a life of a group. */
export interface GroupCaller {
  readonly namespace: string
  readonly group: string
  readonly generation: number
  readonly version: number
  readonly settings: GroupSettings
}

/** What came of a coordinator's call. */
type Answer = Result<GroupOffset | null, Failure>

/**
 * Calls of a group to partitions and to the catalog. One that got no answer may have been carried out, so every one of
 * them can be made again. Each makes its own stub: one that threw is of no more use.
 */
export class GroupCalls {
  readonly #env: ObjectEnv
  readonly #caller: () => GroupCaller
  /** Calls of the coordinator under way. */
  readonly #underWay = new Set<Promise<Answer>>()

  constructor(env: ObjectEnv, caller: () => GroupCaller) {
    this.#env = env
    this.#caller = caller
  }

  /** Resolves once no call of the coordinator is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** Makes a coordinator's call, and answers what came of it. */
  async carry(call: PartitionCall): Promise<Answer> {
    const work = attempt(() => this.#make(call))
    this.#underWay.add(work)
    const answer = await work
    this.#underWay.delete(work)
    return answer
  }

  /** Asks the catalog; null where it could not be asked. */
  async lookUp(asked: TopicLookup): Promise<TopicInfo[] | null> {
    const found = await attempt(() => lookUpTopics(this.#catalog, asked))
    return found.ok ? found.value : null
  }

  async topic(name: string): Promise<Result<TopicInfo, Failure>> {
    const entry = await attempt(() => this.#catalog.getTopic(name))
    return entry.ok ? ok(topicInfo(entry.value)) : entry
  }

  /** Where a seek would lead. */
  preview(info: TopicInfo, request: GroupSeekRequest): Promise<Preview[]> {
    const { group, generation } = this.#caller()
    return previewSeek(info, request, (partition) =>
      attempt(() => this.#partition(info.name, partition).previewSeek(info.version, group, generation, request.target)),
    )
  }

  /** Has all partitions of a topic forget the group; with a topic that is gone its partitions went. */
  async forget(topic: string, generation: number): Promise<Result<null, Failure>> {
    const { group } = this.#caller()
    const info = await this.topic(topic)
    if (!info.ok) return info.error.code === "not_found" ? ok(null) : info
    for (let from = 0; from < info.value.partitions; from += CALLS_AT_ONCE) {
      const count = Math.min(CALLS_AT_ONCE, info.value.partitions - from)
      const calls = Array.from({ length: count }, (_, nth) =>
        attempt(() => this.#partition(topic, from + nth).forgetGroup(group, generation)),
      )
      const failed = (await Promise.all(calls)).find((forgotten) => !forgotten.ok)
      if (failed) return failed
    }
    return ok(null)
  }

  async #make(call: PartitionCall): Promise<Answer> {
    const { group, generation, version } = this.#caller()
    const partition = this.#partition(call.topic, call.partition)
    switch (call.kind) {
      case "grant":
        return partition.grant(call.version, { group, generation, ...call.request })
      case "look":
        return partition.groupOffset(call.version, group, generation)
      case "forget":
        return partition.expireOffset(group, generation, call.epoch)
      case "open": {
        const { lockDurationMs, maxDeliveries, maxLocks, ordering, retryDelay, deadLetter } = this.#caller().settings
        const settings = { lockDurationMs, maxDeliveries, maxLocks, ordering, retryDelay, deadLetter }
        const terms = { group, generation, version, settings, reset: call.reset }
        const opened = await partition.shareOpen(call.version, terms)
        return opened.ok ? ok(null) : opened
      }
    }
  }

  get #catalog() {
    return this.#env.CATALOG.getByName(this.#caller().namespace)
  }

  #partition(topic: string, partition: number) {
    return this.#env.PARTITIONS.getByName(objectName(this.#caller().namespace, topic, partition))
  }
}

/** The outcome of a call, whose exceptions and silence mean that nobody knows. */
async function attempt<T>(call: () => Promise<Result<T, Failure>>): Promise<Result<T, Failure>> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const timeout = new Promise<Result<never, Failure>>((resolve) => {
    timer = setTimeout(() => resolve(err(NO_ANSWER)), TIMEOUT_MS)
  })
  try {
    const result = await Promise.race([call(), timeout])
    // a result as it came belongs to its call: passed on to a caller of this object it would have to be disposed of
    return result.ok ? ok(result.value) : err(result.error)
  } catch (error) {
    console.error(JSON.stringify({ event: "group_call_failed", error: String(error) }))
    return err(NO_ANSWER)
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
}

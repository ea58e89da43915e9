import type { Failure } from "../core/errors.ts"
import type { GroupSettings } from "../core/group/settings.ts"
import { MAX_SOCKET_OBJECTS } from "../core/limits.ts"
import type { QueueSettings } from "../core/queue/settings.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import { sameAppendRules } from "../protocol/native/append-rules.ts"
import { sameSendRules } from "../protocol/native/send-rules.ts"
import { checkKind } from "./group-kind.ts"
import { type LinkHost, ObjectLink } from "./object-link.ts"
import { type Dial, RETRY_AFTER_MS, type SessionContext } from "./ports.ts"
import { Target } from "./target.ts"

/** What links tell the session about its subscriptions, or about the members that it watches. */
export interface SubscriptionHost extends Pick<LinkHost, "subscriptionSaid" | "subscriptionRefused"> {
  /** The link that a subscription went over is of no more use. */
  subscriptionLost(sub: number, failure: Failure): void
}

/** Who hears what links of queues and partitions say, and who what links of groups say. */
export interface LinkHosts {
  readonly subscriptions: SubscriptionHost
  readonly watches: SubscriptionHost
}

const NO_ROOM: Failure = { code: "overloaded", retryAfterMs: RETRY_AFTER_MS }

/** The internal sockets of one client socket, one per object and opened on first use, and the names behind them. */
export class Links {
  readonly #context: SessionContext
  readonly #hosts: { readonly [Kind in keyof LinkHosts]: LinkHost }
  readonly #queues = new Map<string, Target<QueueSettings>>()
  readonly #topics = new Map<string, Target<TopicSettings>>()
  readonly #groups = new Map<string, Target<GroupSettings>>()
  /** In order of last use. */
  readonly #links = new Map<string, ObjectLink>()
  /** The one that was used last: mostly the next one too. */
  #newest: ObjectLink | null = null
  readonly #scheduled = new Set<ObjectLink>()
  #closed = false

  constructor(context: SessionContext, hosts: LinkHosts) {
    this.#context = context
    this.#hosts = { subscriptions: this.#hostOf(hosts.subscriptions), watches: this.#hostOf(hosts.watches) }
  }

  /** The queue `name`, for what must happen in order once its settings are known. */
  queue(name: string): Target<QueueSettings> {
    return targetOf(this.#queues, name, () => new Target(name, this.#context.resolveQueue, sameSendRules))
  }

  /** The topic `name`, likewise. */
  topic(name: string): Target<TopicSettings> {
    return targetOf(this.#topics, name, () => new Target(name, this.#context.resolveTopic, sameAppendRules))
  }

  /** The group `name`, likewise. */
  group(name: string): Target<GroupSettings> {
    return targetOf(this.#groups, name, () => new Target(name, this.#context.resolveGroup, sameKind))
  }

  /** The group `name`, which must be of this kind; asks the catalog where it seems to be of the other. */
  groupOfKind(
    name: string,
    type: GroupSettings["type"],
    step: (entry: Result<CatalogEntry<GroupSettings>, Failure>) => void,
  ): void {
    const target = this.group(name)
    target.run((known) => {
      const checked = known.ok ? checkKind(known.value, type) : known
      if (!known.ok || checked.ok) return step(checked)
      target.outdated()
      target.run((entry) => step(entry.ok ? checkKind(entry.value, type) : entry))
    })
  }

  /** The topic `name`, which is to have so many partitions; asks the catalog where it seems to have less. */
  withPartitions(
    name: string,
    partitions: number,
    step: (entry: Result<CatalogEntry<TopicSettings>, Failure>) => void,
  ): void {
    const target = this.topic(name)
    target.run((known) => {
      if (!known.ok || known.value.settings.partitions >= partitions) return step(known)
      return target.reload().then(step)
    })
  }

  /** The link to a queue's object. */
  toQueue(entry: CatalogEntry<QueueSettings>): Result<ObjectLink, Failure> {
    const { name } = entry
    const gone: Failure = { code: "not_found", resource: "queue", name }
    return this.#link(`queue/${name}`, gone, this.queue(name), entry, () => this.#context.dialQueue(name))
  }

  /** The link to a partition's object; the topic has it. */
  toPartition(entry: CatalogEntry<TopicSettings>, partition: number): Result<ObjectLink, Failure> {
    const { name } = entry
    const gone: Failure = { code: "not_found", resource: "topic", name }
    const dial = (): Dial => this.#context.dialPartition(name, partition)
    return this.#link(`topic/${name}/${partition}`, gone, this.topic(name), entry, dial)
  }

  /** The link to a group's coordinator. */
  toGroup(entry: CatalogEntry<GroupSettings>): Result<ObjectLink, Failure> {
    const { name } = entry
    const gone: Failure = { code: "not_found", resource: "group", name }
    return this.#link(`group/${name}`, gone, this.group(name), entry, () => this.#context.dialGroup(name), "watches")
  }

  /** Ends all links; see `ObjectLink.close`. */
  close(goodbye: boolean): void {
    this.#closed = true
    for (const link of this.#links.values()) link.close(goodbye)
    this.#links.clear()
    this.#newest = null
  }

  #hostOf(host: SubscriptionHost): LinkHost {
    return {
      schedule: (link) => this.#schedule(link),
      subscriptionSaid: (frame, blob) => host.subscriptionSaid(frame, blob),
      subscriptionRefused: (sub, failure) => host.subscriptionRefused(sub, failure),
      lost: (link, failure) => {
        if (this.#links.get(link.key) === link) this.#forget(link)
        for (const sub of link.subscriptions) host.subscriptionLost(sub, failure)
      },
    }
  }

  /**
   * What is said within one macrotask leaves as one frame per object: frames are expensive, bytes are not. A timer of
   * no time takes a millisecond, so what an object hears while nothing else is on its way to it does not wait for one.
   */
  #schedule(link: ObjectLink): void {
    if (link.unanswered <= 1) return queueMicrotask(() => link.flush())
    if (this.#scheduled.size === 0) setTimeout(() => this.#flush(), 0)
    this.#scheduled.add(link)
  }

  #flush(): void {
    const links = [...this.#scheduled]
    this.#scheduled.clear()
    for (const link of links) link.flush()
  }

  #link<Settings>(
    key: string,
    gone: Failure,
    target: Target<Settings>,
    entry: CatalogEntry<Settings>,
    dial: () => Dial,
    host: keyof LinkHosts = "subscriptions",
  ): Result<ObjectLink, Failure> {
    if (this.#closed) return err(NO_ROOM)
    if (this.#newest?.key === key) return ok(this.#newest)
    const known = this.#links.get(key)
    if (known === undefined && !this.#makeRoom()) return err(NO_ROOM)
    const open = known ?? new ObjectLink(key, gone, this.#hosts[host], (events) => target.dial(dial(), entry, events))
    this.#links.delete(key)
    this.#links.set(key, open)
    this.#newest = open
    return ok(open)
  }

  #forget(link: ObjectLink): void {
    this.#links.delete(link.key)
    if (this.#newest === link) this.#newest = null
  }

  /** Whether there is room for one more link, now that the one idle for longest may have gone. */
  #makeRoom(): boolean {
    if (this.#links.size < MAX_SOCKET_OBJECTS) return true
    for (const link of this.#links.values()) {
      if (!link.isIdle) continue
      link.close(true)
      this.#forget(link)
      return true
    }
    return false
  }
}

/** What a group is for is fixed; all else the group knows itself. */
function sameKind(one: GroupSettings, other: GroupSettings): boolean {
  return one.type === other.type
}

/** The target of `name`. Idle ones are forgotten now and then: a client may make up names for ever. */
function targetOf<Settings>(
  targets: Map<string, Target<Settings>>,
  name: string,
  make: () => Target<Settings>,
): Target<Settings> {
  const known = targets.get(name)
  if (known !== undefined) return known
  if (targets.size >= MAX_SOCKET_OBJECTS) {
    for (const [other, target] of targets) if (target.isIdle) targets.delete(other)
  }
  const made = make()
  targets.set(name, made)
  return made
}

import type { Failure } from "../core/errors.ts"
import { MAX_SOCKET_OBJECTS } from "../core/limits.ts"
import type { QueueSettings } from "../core/queue/settings.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import { sameAppendRules } from "../protocol/native/append-rules.ts"
import { sameSendRules } from "../protocol/native/send-rules.ts"
import { type LinkHost, ObjectLink } from "./object-link.ts"
import { type Dial, RETRY_AFTER_MS, type SessionContext } from "./ports.ts"
import { Target } from "./target.ts"

/** What links tell the session about its subscriptions. */
export type SubscriptionHost = Pick<LinkHost, "subscriptionSaid" | "subscriptionFailed">

const NO_ROOM: Failure = { code: "overloaded", retryAfterMs: RETRY_AFTER_MS }

/** The internal sockets of one client socket, one per object and opened on first use, and the names behind them. */
export class Links implements LinkHost {
  readonly #context: SessionContext
  readonly #host: SubscriptionHost
  readonly #queues = new Map<string, Target<QueueSettings>>()
  readonly #topics = new Map<string, Target<TopicSettings>>()
  /** In order of last use. */
  readonly #links = new Map<string, ObjectLink>()
  readonly #scheduled = new Set<ObjectLink>()
  #closed = false

  constructor(context: SessionContext, host: SubscriptionHost) {
    this.#context = context
    this.#host = host
  }

  /** The queue `name`, for what must happen in order once its settings are known. */
  queue(name: string): Target<QueueSettings> {
    return targetOf(this.#queues, name, () => new Target(name, this.#context.resolveQueue, sameSendRules))
  }

  /** The topic `name`, likewise. */
  topic(name: string): Target<TopicSettings> {
    return targetOf(this.#topics, name, () => new Target(name, this.#context.resolveTopic, sameAppendRules))
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

  /** Ends all links; see `ObjectLink.close`. */
  close(goodbye: boolean): void {
    this.#closed = true
    for (const link of this.#links.values()) link.close(goodbye)
    this.#links.clear()
  }

  /** What is said within one macrotask leaves as one frame per object: frames are expensive, bytes are not. */
  schedule(link: ObjectLink): void {
    if (this.#scheduled.size === 0) setTimeout(() => this.#flush(), 0)
    this.#scheduled.add(link)
  }

  subscriptionSaid(...said: Parameters<SubscriptionHost["subscriptionSaid"]>): void {
    this.#host.subscriptionSaid(...said)
  }

  subscriptionFailed(sub: number, failure: Failure): void {
    this.#host.subscriptionFailed(sub, failure)
  }

  lost(link: ObjectLink, failure: Failure): void {
    if (this.#links.get(link.key) === link) this.#links.delete(link.key)
    for (const sub of link.subscriptions) this.#host.subscriptionFailed(sub, failure)
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
  ): Result<ObjectLink, Failure> {
    if (this.#closed) return err(NO_ROOM)
    const known = this.#links.get(key)
    if (known === undefined && !this.#makeRoom()) return err(NO_ROOM)
    const open = known ?? new ObjectLink(key, gone, this, (events) => target.dial(dial(), entry, events))
    this.#links.delete(key)
    this.#links.set(key, open)
    return ok(open)
  }

  /** Whether there is room for one more link, now that the one idle for longest may have gone. */
  #makeRoom(): boolean {
    if (this.#links.size < MAX_SOCKET_OBJECTS) return true
    for (const link of this.#links.values()) {
      if (!link.isIdle) continue
      link.close(true)
      return this.#links.delete(link.key)
    }
    return false
  }
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

import type { Context } from "../context.ts"
import { MillraceError } from "../errors.ts"
import { quietTimeout } from "../timers.ts"
import { Commits, type OffsetEntry } from "./commits.ts"
import type { GroupConsumerOptions } from "./group-options.ts"
import { checkCount, MAX_PREFETCH } from "./limits.ts"
import { type AssignedPartition, type AssignmentFrame, type MemberHost, Membership } from "./membership.ts"
import { OwnedPartition } from "./owned-partition.ts"
import type { RecordPlace } from "./records.ts"
import { DEFAULT_PREFETCH, roomOfEach } from "./rooms.ts"
import { Settler } from "./settler.ts"
import { Wakeup } from "./wakeup.ts"

const DEFAULT_COMMIT_MS = 1_000

/** A member of a consumer group, with the partitions that it works on. */
export class GroupMember implements MemberHost {
  readonly request: Readonly<Record<string, unknown>>
  /** There may be something to take, or it is over. */
  readonly changed = new Wakeup()
  readonly membership: Membership
  readonly #context: Context
  readonly #group: string
  readonly #options: GroupConsumerOptions
  readonly #prefetch: number
  readonly #commits: Commits
  readonly #partitions = new Map<string, OwnedPartition>()
  /** The values of the above. */
  partitions: readonly OwnedPartition[] = []
  failure: MillraceError | null = null
  /** All that is being given up. */
  #revoking: Promise<unknown> = Promise.resolve()
  #isLeaving = false
  /** What the caller is told, one after the other. */
  #told: Promise<unknown> = Promise.resolve()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(context: Context, group: string, topic: string, options: GroupConsumerOptions) {
    const { topics = [], patterns, instanceId, prefetch = DEFAULT_PREFETCH } = options
    checkCount("prefetch", prefetch, MAX_PREFETCH)
    this.#prefetch = prefetch
    this.request = {
      group,
      topics: [...new Set([topic, ...topics])],
      ...(patterns && { patterns }),
      ...(instanceId !== undefined && { instanceId }),
    }
    this.#context = context
    this.#group = group
    this.#options = options
    const membership = new Membership(context.connection, this)
    this.#commits = new Commits(new Settler(context.connection, () => ({ group, memberId: membership.memberId })))
    this.membership = membership
  }

  /** Joins. */
  open(): void {
    this.membership.open()
    if (this.#options.autoCommit !== false) this.#commitLater()
  }

  owned(): readonly RecordPlace[] {
    return this.partitions
  }

  assigned({ assigned, revoked, lost }: AssignmentFrame): void {
    const epochs = new Map(assigned.map((partition) => [keyOf(partition), partition.epoch]))
    const kept = new Set(revoked.map(keyOf))
    const gone = new Set(lost.map(keyOf))
    this.#lose((partition) => {
      const key = keyOf(partition)
      const epoch = epochs.get(key)
      return epoch === undefined ? gone.has(key) || !kept.has(key) : epoch !== partition.epoch
    })
    // what it still has is given up already
    if (this.#isLeaving) return
    this.#begin(assigned.filter((partition) => !this.#partitions.has(keyOf(partition))))
    const leaving = revoked.map((partition) => this.#partitions.get(keyOf(partition)))
    const asked = leaving.filter((partition) => partition !== undefined && !partition.isRevoked)
    if (asked.length > 0) this.#giveUp(asked as OwnedPartition[])
    if (leaving.includes(undefined)) this.membership.heartbeat()
  }

  lostAll(): void {
    this.#lose(() => true)
  }

  failed(error: MillraceError): void {
    this.failure ??= error
    clearTimeout(this.#timer)
    this.#lose(() => true)
    this.changed.wake()
  }

  /** There is no going on: what is done is committed, and others are to have the partitions. */
  #cannotRead(error: MillraceError): void {
    this.failure ??= error
    this.changed.wake()
    void this.leave()
  }

  #giveUp(asked: readonly OwnedPartition[]): void {
    this.#revoking = Promise.all([this.#revoking, this.#finish(asked)])
  }

  /** Finishes with `asked`, and gives them up. */
  async #finish(asked: readonly OwnedPartition[]): Promise<void> {
    for (const partition of asked) {
      partition.isRevoked = true
      partition.rewind()
      void partition.subscription.end()
    }
    while (asked.some(({ isBusy, isOver }) => isBusy && !isOver)) await this.changed.wait()
    await this.#tell("onRevoked", asked)
    const left = asked.filter(({ isOver }) => !isOver)
    if (this.#options.autoCommit !== false) await this.commitDone(left)
    for (const partition of left) this.#drop(partition)
    this.membership.heartbeat()
  }

  /** Commits what is processed of `partitions`; what fails is told, and nothing else. */
  async commitDone(partitions: readonly OwnedPartition[] = this.partitions): Promise<void> {
    let committed: { readonly owner: OwnedPartition; readonly entry: OffsetEntry }[] = []
    try {
      await this.commit(() => {
        const news = partitions.filter((owner) => !owner.isOver && (owner.doneOffset ?? 0) > owner.committedOffset)
        committed = news.map((owner) => ({ owner, entry: entryOf(owner, owner.doneOffset!) }))
        return committed.map(({ entry }) => entry)
      })
      for (const { owner, entry } of committed) owner.committedOffset = entry.offset
    } catch (error) {
      this.#report(error)
    }
  }

  /** Commits what `entries` says when it is its turn. */
  async commit(entries: () => readonly OffsetEntry[]): Promise<void> {
    await this.#commits.commit(entries)
  }

  /** The partition that is worked on now, of this name. */
  find(place: RecordPlace): OwnedPartition | undefined {
    return this.#partitions.get(keyOf(place))
  }

  /** Gives everything up, and leaves. */
  async leave(): Promise<void> {
    clearTimeout(this.#timer)
    this.#isLeaving = true
    this.#giveUp(this.partitions.filter(({ isRevoked }) => !isRevoked))
    await this.#revoking
    await this.membership.leave()
    this.#lose(() => true)
  }

  #begin(assigned: readonly AssignedPartition[]): void {
    if (assigned.length === 0) return
    const count = this.#partitions.size + assigned.length
    const begun = assigned.map((place) => this.#partition(place, count))
    for (const partition of begun) this.#partitions.set(keyOf(partition), partition)
    this.#moved()
    void this.#read(begun)
  }

  async #read(begun: readonly OwnedPartition[]): Promise<void> {
    await this.#tell("onAssigned", begun)
    for (const partition of begun) if (!partition.isOver && !partition.isRevoked) partition.subscription.open()
  }

  #partition({ topic, partition, epoch, offset }: AssignedPartition, count: number): OwnedPartition {
    const parts = {
      connection: this.#context.connection,
      topic,
      partition,
      from: offset,
      owner: { group: this.#group, memberId: this.membership.memberId, epoch },
      ...roomOfEach(this.#prefetch, count),
      changed: () => this.changed.wake(),
      ended: (error: MillraceError) => this.#mayGoOn(owned, error),
      failed: (error: MillraceError) => this.#cannotRead(error),
    }
    const owned: OwnedPartition = new OwnedPartition(parts, epoch, offset)
    return owned
  }

  /** Whether a reader is to try again until the assignment says what became of its partition. */
  #mayGoOn(partition: OwnedPartition, error: MillraceError): boolean {
    if (error.code === "offset_trimmed") {
      this.#report(error)
      partition.rewind("earliest")
    } else if (error.code === "fenced" || error.code === "not_found") partition.rewind()
    else return false
    return true
  }

  #lose(isLost: (partition: OwnedPartition) => boolean): void {
    const lost = this.partitions.filter((partition) => isLost(partition))
    if (lost.length === 0) return
    for (const partition of lost) this.#drop(partition)
    void this.#tell("onLost", lost)
  }

  #drop(partition: OwnedPartition): void {
    if (partition.isOver) return
    partition.isOver = true
    partition.rewind()
    partition.lost.abort()
    void partition.subscription.end()
    this.#partitions.delete(keyOf(partition))
    this.#moved()
  }

  #moved(): void {
    this.partitions = [...this.#partitions.values()]
    const { prefetch } = roomOfEach(this.#prefetch, this.partitions.length)
    for (const { subscription } of this.partitions) subscription.prefetch = prefetch
    this.changed.wake()
  }

  async #tell(event: "onAssigned" | "onRevoked" | "onLost", partitions: readonly OwnedPartition[]): Promise<void> {
    const listener = this.#options[event]
    if (!listener || partitions.length === 0) return
    const places = partitions.map(({ topic, partition }) => ({ topic, partition }))
    const told = this.#told.then(() => listener(places))
    this.#told = told.catch((error: unknown) => this.#report(error))
    await this.#told
  }

  /** In a turn of its own: what the caller's function throws is the caller's. */
  #report(error: unknown): void {
    const { onError } = this.#options
    if (onError) queueMicrotask(() => onError(error))
  }

  #commitLater(): void {
    const { autoCommitIntervalMs = DEFAULT_COMMIT_MS } = this.#options
    this.#timer = quietTimeout(() => {
      void this.commitDone().then(() => !this.#isLeaving && this.failure === null && this.#commitLater())
    }, autoCommitIntervalMs)
  }
}

/** What to commit where a partition is processed up to `offset`. */
export function entryOf({ topic, partition, epoch }: OwnedPartition, offset: number): OffsetEntry {
  return { topic, partition, epoch, offset }
}

/** Somebody else has what was this member's. */
export function fencedError(): MillraceError {
  return new MillraceError("fenced", "The partition is not this member's any more.")
}

/** Names hold no slash. */
function keyOf({ topic, partition }: RecordPlace): string {
  return `${topic}/${partition}`
}

import type { MemberPartition, MemberView, TopicPartition } from "../core/group/commands.ts"

/** What a member is told where something changed. */
export interface AssignmentNews {
  readonly view: MemberView
  /** What it had been told of and has no more, or no more at the epoch that it knows. */
  readonly lost: readonly TopicPartition[]
}

/** What one member has been told of its partitions. */
export class Assignment {
  /** By topic and partition; null until it was told something. */
  #told: ReadonlyMap<string, MemberPartition> | null = null
  #isWaiting = false

  /** The news in `view`, or null where it tells nothing new. */
  news(view: MemberView): AssignmentNews | null {
    const told = this.#told
    const now = new Map(view.partitions.map((partition) => [placeKey(partition), partition]))
    const lost = new Map(
      view.lost.map(({ topic, partition }) => [placeKey({ topic, partition }), { topic, partition }]),
    )
    for (const [key, { topic, partition, epoch }] of told ?? []) {
      if (now.get(key)?.epoch !== epoch) lost.set(key, { topic, partition })
    }
    const isSame = told !== null && lost.size === 0 && view.isWaiting === this.#isWaiting && sameParts(told, now)
    this.#told = now
    this.#isWaiting = view.isWaiting
    return isSame ? null : { view, lost: [...lost.values()] }
  }

  /** The member works on `owned` only: what it was asked to give up and is not there has been given up, not lost. */
  gaveUp(owned: readonly TopicPartition[]): void {
    if (this.#told === null) return
    const kept = new Set(owned.map(placeKey))
    this.#told = new Map([...this.#told].filter(([key, { revokeAt }]) => revokeAt === null || kept.has(key)))
  }
}

/** A partition as a key; names hold no slash. */
export function placeKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/** Whether the same partitions have the same end; nothing was lost, so their epochs are the same. */
function sameParts(told: ReadonlyMap<string, MemberPartition>, now: ReadonlyMap<string, MemberPartition>): boolean {
  if (told.size !== now.size) return false
  for (const [key, { revokeAt }] of now) if (told.get(key)?.revokeAt !== revokeAt) return false
  return true
}

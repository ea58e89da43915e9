import type { MemberView } from "../../src/core/group/commands.ts"
import type { CommitRequest, GrantRequest, GroupOffset } from "../../src/core/stream/group-commands.ts"
import type { PartitionGroups } from "../../src/core/stream/partition-groups.ts"
import type { SimRecord } from "./sim-partition.ts"

/** A promise that was broken. */
export class Violation extends Error {}

export const GROUP = "group"
export const GENERATION = 1

/** What is known of one partition from what it did, apart from what it says. */
interface Account {
  epoch: number
  memberId: string | null
  committed: number | null
  /** Where the group began: what stands before is nothing to it. */
  begin: number | null
  readonly records: SimRecord[]
  /** Offsets that a member has had in its hands. */
  readonly done: Set<number>
  readonly ownerOf: Map<number, string | null>
}

export interface LedgerParts {
  /** Topics whose keys keep their order when partitions are added. */
  readonly ordered: ReadonlySet<string>
  /** Log start of a partition. */
  readonly startOf: (partition: string) => number
  /** Whether the group begins with what comes in after it. */
  readonly mayBeginLate: boolean
  readonly trace: Trace
}

/** Takes down what happens, for whoever looks into a seed. */
export type Trace = (what: string) => void

/** Keeps account of what happened, and throws a Violation where that must not be. */
export class Ledger {
  readonly #ordered: ReadonlySet<string>
  readonly #startOf: (partition: string) => number
  readonly #accounts = new Map<string, Account>()
  /** Where each record of a key stands, by its number. */
  readonly #places = new Map<string, { readonly partition: string; readonly offset: number }[]>()
  /** How many records of a key were processed, in order. */
  readonly #processed = new Map<string, number>()

  /** Partitions that each topic had when the group first saw it; only these may begin where they end. */
  readonly #seen = new Map<string, number>()
  readonly #mayBeginLate: boolean
  readonly #trace: Trace

  constructor(parts: LedgerParts) {
    this.#ordered = parts.ordered
    this.#startOf = parts.startOf
    this.#mayBeginLate = parts.mayBeginLate
    this.#trace = parts.trace
  }

  /** The group knows of a topic. */
  seen(topic: string, partitions: number): void {
    if (this.#seen.has(topic)) return
    this.#trace(`the group sees ${partitions} partitions of ${topic}`)
    this.#seen.set(topic, partitions)
  }

  appended(partition: string, record: SimRecord): void {
    this.#trace(`${partition} appends ${record.key}:${record.number} at ${record.offset}`)
    const { records } = this.#account(partition)
    if (record.offset !== records.length)
      violated(`${partition}: offset ${record.offset} after ${records.length} records`)
    records.push(record)
    const key = keyIn(partition, record)
    const places = this.#places.get(key) ?? []
    places[record.number] = { partition, offset: record.offset }
    this.#places.set(key, places)
  }

  /** A partition has done a grant. */
  granted(partition: string, { epoch, memberId, limit, seek }: GrantRequest, answer: GroupOffset): void {
    this.#trace(`${partition} goes to ${memberId} at ${epoch} from ${answer.committedOffset} to ${limit}`)
    const account = this.#account(partition)
    if (epoch < account.epoch) violated(`${partition}: granted at ${epoch} after ${account.epoch}`)
    const owner = account.ownerOf.get(epoch)
    if (owner !== undefined && owner !== memberId) violated(`${partition}: epoch ${epoch} for ${owner} and ${memberId}`)
    if (epoch === account.epoch && account.epoch > 0) return
    account.ownerOf.set(epoch, memberId)
    const { committed } = account
    const start = this.#startOf(partition)
    if (committed === null) account.begin = answer.committedOffset
    else if (seek) account.begin = Math.min(account.begin ?? 0, answer.committedOffset ?? 0)
    else if (answer.committedOffset !== Math.max(committed, start)) {
      violated(`${partition}: a grant moved the offset from ${committed} to ${answer.committedOffset}`)
    }
    if ((account.begin ?? 0) > start && !this.#mayBegin(partition)) violated(`${partition}: began at ${account.begin}`)
    Object.assign(account, { epoch, memberId, committed: answer.committedOffset })
  }

  /** A partition has taken a commit. */
  committed(partition: string, { memberId, epoch, offset }: CommitRequest, startOffset: number): void {
    this.#trace(`${partition} takes ${offset} of ${memberId} at ${epoch}`)
    const account = this.#account(partition)
    if (account.epoch !== epoch || account.memberId !== memberId) {
      violated(
        `${partition}: took a commit of ${memberId} at ${epoch}, granted to ${account.memberId} at ${account.epoch}`,
      )
    }
    for (let at = Math.max(account.begin ?? 0, startOffset); at < offset; at++) {
      if (!account.done.has(at)) violated(`${partition}: ${offset} was committed, and ${at} processed by nobody`)
    }
    account.committed = offset
  }

  /** The coordinator answers a member: what it shows as the member's is so at the partition. */
  told({ memberId, partitions }: MemberView): void {
    const shown = partitions.map(({ topic, partition, epoch, revokeAt }) => {
      return `${topic}/${partition}@${epoch}${revokeAt === null ? "" : "!"}`
    })
    this.#trace(`${memberId} is told ${shown.join(" ")}`)
    for (const { topic, partition, epoch } of partitions) {
      const name = `${topic}/${partition}`
      const account = this.#account(name)
      const owner = account.ownerOf.get(epoch)
      if (owner !== memberId) violated(`${memberId} was told of ${name} at ${epoch}, which was granted to ${owner}`)
    }
  }

  /** A member processes a record that a partition gave it as its owner. */
  processed(partition: string, record: SimRecord, memberId: string): void {
    this.#trace(`${memberId} processes ${record.key}:${record.number} of ${partition} at ${record.offset}`)
    const account = this.#account(partition)
    account.done.add(record.offset)
    if (!this.#ordered.has(partition.split("/")[0]!)) return
    const key = keyIn(partition, record)
    const before = this.#processed.get(key) ?? 0
    for (let number = before; number < record.number; number++) this.#mayMiss(key, number, record.number)
    this.#processed.set(key, Math.max(before, record.number + 1))
  }

  /** What a partition says of the group is what it did. */
  compare(partition: string, groups: PartitionGroups): void {
    const { epoch, memberId, committed } = this.#account(partition)
    const said = groups.offsetOf(GROUP, GENERATION)
    if (said.epoch === epoch && said.memberId === memberId && said.committedOffset === committed) return
    const known = JSON.stringify({ epoch, memberId, committed })
    violated(`${partition}: says ${JSON.stringify(said)} after ${known}`)
  }

  /** Who owns a partition, under which epoch, and how far the group is. */
  stateOf(partition: string): Pick<Account, "memberId" | "epoch" | "committed"> {
    return this.#account(partition)
  }

  /** Whether a partition may begin behind its first record. */
  #mayBegin(partition: string): boolean {
    const [topic, index] = partition.split("/")
    return this.#mayBeginLate && Number(index) < (this.#seen.get(topic!) ?? 0)
  }

  #mayMiss(key: string, number: number, next: number): void {
    const place = this.#places.get(key)?.[number]
    if (!place || place.offset < this.#startOf(place.partition)) return
    if (place.offset < (this.#account(place.partition).begin ?? 0)) return
    violated(`record ${next} of ${key} was processed before ${number}, which is at ${place.partition}@${place.offset}`)
  }

  #account(partition: string): Account {
    const known = this.#accounts.get(partition)
    if (known) return known
    const account: Account = {
      epoch: 0,
      memberId: null,
      committed: null,
      begin: null,
      records: [],
      done: new Set<number>(),
      ownerOf: new Map<number, string | null>(),
    }
    this.#accounts.set(partition, account)
    return account
  }
}

function keyIn(partition: string, { key }: SimRecord): string {
  return `${partition.split("/")[0]}:${key}`
}

function violated(what: string): never {
  throw new Violation(what)
}

import type { Commit, History, Owned } from "./history.ts"
import { firstFrom, keyOf } from "./index-of.ts"
import { topicPromise, type Promises, type Violation } from "./promises.ts"

/**
 * A partition has one owner an epoch, takes no commit of an older epoch once a later one was told, and tells an owner
 * what was committed before it [G1, G2, G22]. The answer may be higher where records may be gone [G6].
 */
export function checkFencedCommits(history: History, promises: Promises): Violation[] {
  const places = new Map<string, Place>()
  for (const operation of history.operations) {
    const { kind } = operation
    if (kind !== "commit" && kind !== "owned" && kind !== "seek") continue
    const key = keyOf(operation.group, operation.topic, operation.partition)
    const place = places.get(key) ?? { commits: [], owned: [], sought: false }
    if (kind === "commit") place.commits.push(operation)
    else if (kind === "owned") place.owned.push(operation)
    else place.sought = true
    places.set(key, place)
  }
  const trimmed = new Set(history.operations.flatMap((one) => (one.kind === "trim" ? [one.topic] : [])))
  return [...places.values()].flatMap(({ commits, owned, sought }) => {
    const told = owned.sort((one, other) => one.at - other.at)
    const fenced = [...twoOwners(told), ...foreignCommits(commits, told), ...lateCommits(commits, told)]
    return sought ? fenced : [...fenced, ...wrongStarts(commits, told, mayMove(told, trimmed, promises))]
  })
}

interface Place {
  readonly commits: Commit[]
  readonly owned: Owned[]
  sought: boolean
}

/** Whether a committed offset may be moved on by itself, because its records are gone. */
function mayMove(owned: readonly Owned[], trimmed: ReadonlySet<string>, promises: Promises): boolean {
  const topic = owned[0]?.topic
  return topic !== undefined && (trimmed.has(topic) || topicPromise(promises, topic).retentionMs !== null)
}

function twoOwners(owned: readonly Owned[]): Violation[] {
  const members = new Map<number, string>()
  return owned.flatMap((one) => {
    const other = members.get(one.epoch) ?? one.member
    members.set(one.epoch, other)
    return other === one.member
      ? []
      : [violation(one, `${one.member} and ${other} both own it at epoch ${one.epoch}`, one.at)]
  })
}

function foreignCommits(commits: readonly Commit[], owned: readonly Owned[]): Violation[] {
  const members = new Map(owned.map(({ epoch, member }) => [epoch, member]))
  return commits
    .filter(({ result, epoch, member }) => result === "ok" && (members.get(epoch) ?? member) !== member)
    .map((commit) =>
      violation(commit, `${describe(commit)} was accepted, and ${members.get(commit.epoch)} owns it`, commit.calledAt),
    )
}

function lateCommits(commits: readonly Commit[], owned: readonly Owned[]): Violation[] {
  /** The greatest epoch that was told up to each. */
  const greatest: Owned[] = []
  for (const one of owned)
    greatest.push(greatest.at(-1) && greatest.at(-1)!.epoch >= one.epoch ? greatest.at(-1)! : one)
  return commits.flatMap((commit) => {
    if (commit.result !== "ok") return []
    const known = firstFrom(owned, commit.calledAt, ({ at }) => at)
    const last = greatest[known - 1]
    if (!last || last.epoch <= commit.epoch) return []
    const why = `${last.member} had been told epoch ${last.epoch} by ${last.at}`
    return [violation(commit, `${describe(commit)} was accepted at ${commit.calledAt}; ${why}`, commit.calledAt)]
  })
}

/** What a new owner was told is an offset that may have been the last committed one. */
function wrongStarts(commits: readonly Commit[], owned: readonly Owned[], mayMove: boolean): Violation[] {
  const byEpoch = new Map<number, Owned>()
  for (const one of owned) if (!byEpoch.has(one.epoch)) byEpoch.set(one.epoch, one)
  const grants = [...byEpoch.values()].sort((one, other) => one.epoch - other.epoch)
  const possible = commits
    .filter(({ result }) => result === "ok" || result === null)
    .sort((one, other) => one.epoch - other.epoch)
  /** Those that may be the last so far. */
  let last: Commit[] = []
  let next = 0
  return grants.flatMap((grant) => {
    for (; next < possible.length && possible[next]!.epoch < grant.epoch; next++) {
      const commit = possible[next]!
      const followed = last.some((one) => isBefore(commit, one))
      if (!followed) last = [...last.filter((one) => !isBefore(one, commit)), commit]
    }
    if (!last.some(({ result }) => result === "ok")) return []
    const offsets = last.map(({ offset }) => offset)
    const { committedOffset } = grant
    if (committedOffset !== null && offsets.includes(committedOffset)) return []
    if (mayMove && committedOffset !== null && committedOffset > Math.min(...offsets)) return []
    const sure = last.find(({ result }) => result === "ok")!
    const what = `${grant.member} was told ${committedOffset} at epoch ${grant.epoch}`
    return [violation(grant, `${what}, and ${describe(sure)} was accepted before`, grant.at)]
  })
}

/** Whether a commit was surely followed by another that counts: within an epoch, or by one of a later epoch. */
function isBefore(one: Commit, other: Commit): boolean {
  if (other.result !== "ok") return false
  return one.epoch < other.epoch || (one.answeredAt ?? Infinity) <= other.calledAt
}

function describe({ member, epoch, offset }: Commit): string {
  return `the commit of ${offset} by ${member} at epoch ${epoch}`
}

function violation({ group, topic, partition }: Commit | Owned, detail: string, at: number): Violation {
  return { rule: "fenced commits", detail: `${group} at ${topic}/${partition}: ${detail}`, at }
}

import type { Failure } from "../../core/errors.ts"
import { HANDOVER_POLL_MS, MAX_HANDOVER_WAIT_MS } from "../../core/limits.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { CommitReply, CommitRequest } from "../../core/stream/group-commands.ts"
import type { TopicSettings } from "../../core/stream/settings.ts"
import { routeRequest } from "../../protocol/native/append-rules.ts"
import { inBatch, invalidField } from "../../protocol/native/fields.ts"
import type { OffsetCommit } from "../../protocol/native/offset-commits.ts"
import { encodeRecords } from "../../protocol/native/submissions.ts"
import { checkKind } from "../../session/group-kind.ts"
import { each } from "../each.ts"
import type { Scope } from "../env.ts"
import { callGroup, callPartition, topicMetadata } from "../objects.ts"
import { SealedWait } from "../sealed-wait.ts"
import { eachOwned, isFenced } from "./group-of-kind.ts"

/** Whose offsets are committed, as partitions know it. */
type Committer = Pick<CommitRequest, "group" | "generation" | "memberId" | "epoch">

/** Commits offsets of a member, or from outside where there is none; an outcome each, in order. */
export async function commitOffsets(
  scope: Scope,
  group: string,
  memberId: string | null,
  offsets: readonly OffsetCommit[],
): Promise<Result<readonly Result<CommitReply, Failure>[], Failure>> {
  const wait = new SealedWait()
  const outcomes =
    memberId === null
      ? await commitFromOutside(scope, group, offsets, wait)
      : await eachOwned(scope, group, offsets, (generation, commit) =>
          commitOne(scope, { group, generation, memberId, epoch: commit.epoch ?? 0 }, commit, wait),
        )
  if (!outcomes.ok) return outcomes
  return ok(outcomes.value.map((one, place) => (one.ok ? one : inBatch(one.error, `/offsets/${place}`))))
}

/**
 * The coordinator says under which epoch. What its last members had is still theirs for a moment after they are gone:
 * what seems to be fenced by them, and has done nothing, is tried again.
 */
async function commitFromOutside(
  scope: Scope,
  group: string,
  offsets: readonly OffsetCommit[],
  wait: SealedWait,
): Promise<Result<readonly Result<CommitReply, Failure>[], Failure>> {
  const topics = await topicsThatExist(scope, offsets)
  const outcomes = Array.from<Result<CommitReply, Failure>>({ length: offsets.length })
  let left = offsets.map((_, place) => place)
  const giveUpAt = Date.now() + MAX_HANDOVER_WAIT_MS
  for (;;) {
    const committer = await nobodyIn(scope, group, topics)
    // what was committed before somebody joined is committed
    if (!committer.ok) return left.length < offsets.length ? ok(outcomes) : committer
    await each(left, async (place) => {
      outcomes[place] = await commitOne(scope, committer.value, offsets[place]!, wait)
    })
    left = left.filter((place) => isFenced(outcomes[place]!))
    if (left.length === 0 || Date.now() >= giveUpAt) return ok(outcomes)
    await new Promise((resolve) => setTimeout(resolve, HANDOVER_POLL_MS))
  }
}

/** As whom to commit to a group without members, which has some where it is `conflict`. */
function nobodyIn(scope: Scope, group: string, topics: readonly string[]): Promise<Result<Committer, Failure>> {
  return callGroup<Committer>(scope, group, "idempotent", async (stub, entry) => {
    const checked = checkKind(entry, "consumer")
    if (!checked.ok) return checked
    const epoch = await stub.standalone(entry.version, topics)
    return epoch.ok ? ok({ group, generation: entry.incarnation, memberId: null, epoch: epoch.value }) : epoch
  })
}

async function topicsThatExist(scope: Scope, offsets: readonly OffsetCommit[]): Promise<string[]> {
  const names = [...new Set(offsets.map(({ topic }) => topic))]
  const known = await each(names, (name) => topicMetadata.resolve(scope, name))
  return names.filter((_, nth) => known[nth]!.ok)
}

/** Where partitions are just being added it waits for a moment, `wait`: what was refused has done nothing. */
async function commitOne(
  scope: Scope,
  committer: Committer,
  commit: OffsetCommit,
  wait: SealedWait,
): Promise<Result<CommitReply, Failure>> {
  for (;;) {
    const committed = await commitOnce(scope, committer, commit)
    if (committed.ok || committed.error.code !== "partition_sealed" || !wait.mayCall(1)) return committed
    await wait.pause()
  }
}

function commitOnce(scope: Scope, committer: Committer, commit: OffsetCommit): Promise<Result<CommitReply, Failure>> {
  const { topic, partition, offset, metadata, records, terms } = commit
  // records would be stored twice, unless their producer's number says so
  const repeat = records === null || terms?.producer ? "idempotent" : "once"
  let isReloaded = false
  return callPartition<CommitReply>(scope, topic, partition, repeat, async (stub, { version, settings }) => {
    const append = appendOf(commit, settings)
    if (append.ok) {
      return stub.commitOffset(version, { ...committer, offset, metadata, append: append.value })
    }
    if (isReloaded) return append
    // what the topic's settings forbid they may have come to allow
    isReloaded = true
    return err({ code: "stale_metadata", version })
  })
}

/** The records of a commit as its partition takes them, or why the topic does not. */
function appendOf(
  { partition, records, terms }: OffsetCommit,
  settings: TopicSettings,
): Result<CommitRequest["append"], Failure> {
  if (records === null) return ok(null)
  const elsewhere = records.findIndex((one) => one.partition !== null && one.partition !== partition)
  if (elsewhere !== -1) return invalidField(`/records/${elsewhere}/partition`, "must be the one of the offset")
  const here = records.map(({ record }) => ({ record, partition }))
  const routed = routeRequest({ single: false, records: here, terms }, settings, 0)
  if (!routed.ok) return routed
  return ok({ submissions: encodeRecords(here.map(({ record }) => record)), terms })
}

import type { Failure } from "../../core/errors.ts"
import type { GroupSettings } from "../../core/group/settings.ts"
import { SHARE_OPEN_POLL_MS } from "../../core/limits.ts"
import type { Result } from "../../core/result.ts"
import type { ShareTerms } from "../../core/stream/share/commands.ts"
import type { TopicSettings } from "../../core/stream/settings.ts"
import type { CatalogEntry } from "../../objects/contract.ts"
import { shareTerms } from "../../session/group-kind.ts"
import type { Repeat } from "../call-object.ts"
import type { PartitionStub } from "../env.ts"
import { groupOfKind, reloadGroupOfKind } from "../groups/group-of-kind.ts"
import { callGroup, callPartition } from "../objects.ts"
import type { Call } from "../operation.ts"

/** How often a partition is asked before a client is told that its share group has not begun there. */
const OPEN_ATTEMPTS = 4

/** What to ask a partition for a share group. */
type Ask<T> = (
  stub: PartitionStub,
  topic: CatalogEntry<TopicSettings>,
  terms: ShareTerms,
) => Promise<Result<T, Failure>>

/**
 * Calls a partition of the call's topic for the call's share group; `share_not_open` where that has not begun there.
 * Where that is because the Worker knew an earlier life of the group, it is asked again.
 */
export async function callShare<T>(
  call: Call,
  partition: number,
  repeat: Repeat,
  ask: Ask<T>,
): Promise<Result<T, Failure>> {
  const name = call.params["group"]!
  const known = await groupOfKind(call, name, "share")
  if (!known.ok) return known
  const { entry, cached } = known.value
  const first = await askPartition(call, partition, repeat, entry, ask)
  if (!cached || !isNotOpen(first)) return first
  const fresh = await reloadGroupOfKind(call, name, "share")
  if (!fresh.ok) return fresh
  const isSame = fresh.value.entry.incarnation === entry.incarnation
  return isSame ? first : askPartition(call, partition, repeat, fresh.value.entry, ask)
}

/** The same, and has the group begin in all partitions of the topic where it has not. */
export async function callOpenShare<T>(
  call: Call,
  partition: number,
  repeat: Repeat,
  ask: Ask<T>,
): Promise<Result<T, Failure>> {
  const { group, topic } = call.params
  for (let attempt = 1; ; attempt++) {
    const answer = await callShare(call, partition, repeat, ask)
    if (!isNotOpen(answer) || attempt === OPEN_ATTEMPTS) return answer
    if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, SHARE_OPEN_POLL_MS * 2 ** attempt))
    const attached = await callGroup(call, group!, "idempotent", (stub, { version }) => stub.attach(version, topic!))
    if (!attached.ok) return attached
  }
}

function askPartition<T>(
  call: Call,
  partition: number,
  repeat: Repeat,
  group: CatalogEntry<GroupSettings>,
  ask: Ask<T>,
): Promise<Result<T, Failure>> {
  const terms = shareTerms(group)
  return callPartition(call, call.params["topic"]!, partition, repeat, (stub, topic) => ask(stub, topic, terms))
}

function isNotOpen(answer: Result<unknown, Failure>): boolean {
  return !answer.ok && answer.error.code === "share_not_open"
}

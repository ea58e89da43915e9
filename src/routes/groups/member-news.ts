import type { MemberView, TopicPartition } from "../../core/group/commands.ts"
import type { Result } from "../../core/result.ts"
import type { Failure } from "../../core/errors.ts"
import { Assignment } from "../../session/assignment.ts"
import { watchMember } from "../../session/wait-for-news.ts"
import type { WaitingNews } from "../../session/waiting-news.ts"
import { callGroup } from "../objects.ts"
import type { Call } from "../operation.ts"

/**
 * What becomes of a member within `waitMs`: `view` as it is where nothing does, or where it can't be watched. One that
 * is out has lost all that it had.
 */
export async function newsOf(call: Call, view: MemberView, waitMs: number, gone: AbortSignal): Promise<MemberView> {
  const watched = await watch(call, view.memberId)
  if (!watched.ok) return isOut(watched.error) ? outOf(view) : view
  const watching = watched.value
  const stop = (): void => watching.stop()
  const timer = setTimeout(stop, waitMs)
  gone.addEventListener("abort", stop)
  if (gone.aborted) stop()
  try {
    return await firstNews(call, view, watching)
  } finally {
    clearTimeout(timer)
    gone.removeEventListener("abort", stop)
    stop()
  }
}

/** Looks at the member whenever something may have changed, until something has. */
async function firstNews(call: Call, view: MemberView, watching: WaitingNews): Promise<MemberView> {
  const assignment = new Assignment()
  assignment.news(view)
  for (;;) {
    const came = await watching.next()
    if (!came.ok) return isOut(came.error) ? outOf(view) : view
    if (!came.value) return view
    const now = await look(call, view.memberId)
    if (!now.ok) return isOut(now.error) ? outOf(view) : view
    const news = assignment.news(now.value)
    if (news !== null) return { ...news.view, lost: news.lost }
  }
}

function watch(call: Call, memberId: string): Promise<Result<WaitingNews, Failure>> {
  return callGroup(call, call.params["group"]!, "idempotent", (group, { version }) =>
    watchMember(group, version, memberId),
  )
}

function look(call: Call, memberId: string): Promise<Result<MemberView, Failure>> {
  return callGroup(call, call.params["group"]!, "idempotent", (group, { version }) => group.member(version, memberId))
}

function isOut(failure: Failure): boolean {
  return failure.code === "not_found"
}

function outOf(view: MemberView): MemberView {
  const lost = view.partitions.map(({ topic, partition }): TopicPartition => ({ topic, partition }))
  return { ...view, partitions: [], lost, isWaiting: false }
}

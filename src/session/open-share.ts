import type { Failure } from "../core/errors.ts"
import { SHARE_OPEN_POLL_MS } from "../core/limits.ts"
import type { Result } from "../core/result.ts"
import type { SessionContext } from "./ports.ts"

/** How often a partition is asked before a client is told that its share group has not begun there. */
export const SHARE_OPEN_ATTEMPTS = 8

/**
 * Has a share group begin in the partitions of `topic`. Partitions are told behind the coordinator's back, so before
 * any `attempt` but the first this waits, each time twice as long.
 */
export async function openShare(
  { groups }: Pick<SessionContext, "groups">,
  group: string,
  topic: string,
  attempt: number,
): Promise<Result<null, Failure>> {
  const attached = await groups.attach(group, topic)
  if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, SHARE_OPEN_POLL_MS * 2 ** (attempt - 2)))
  return attached
}

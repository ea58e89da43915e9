import type { Failure } from "../core/errors.ts"
import type { GroupSettings } from "../core/group/settings.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { ShareTerms } from "../core/stream/share/commands.ts"
import type { CatalogEntry } from "../objects/contract.ts"

/** The group, or `conflict` where it is not of the kind that is asked for. */
export function checkKind(
  entry: CatalogEntry<GroupSettings>,
  type: GroupSettings["type"],
): Result<CatalogEntry<GroupSettings>, Failure> {
  if (entry.settings.type === type) return ok(entry)
  return err({ code: "conflict", detail: `the group ${entry.name} is a ${entry.settings.type} group` })
}

/** A share group as every call to a partition names it. */
export function shareTerms({ name, incarnation, version, settings }: CatalogEntry<GroupSettings>): ShareTerms {
  const { lockDurationMs, maxDeliveries, maxLocks, ordering, retryDelay, deadLetter } = settings
  return {
    group: name,
    generation: incarnation,
    version,
    settings: { lockDurationMs, maxDeliveries, maxLocks, ordering, retryDelay, deadLetter },
  }
}

import type { Failure } from "../../core/errors.ts"
import type { GroupSettings } from "../../core/group/settings.ts"
import { ok, type Result } from "../../core/result.ts"
import type { CatalogEntry } from "../../objects/contract.ts"
import { checkKind } from "../../session/group-kind.ts"
import { each } from "../each.ts"
import type { Scope } from "../env.ts"
import { groupMetadata } from "../objects.ts"

/** A group, and whether it may be older than what the catalog holds. */
export interface Known {
  readonly entry: CatalogEntry<GroupSettings>
  readonly cached: boolean
}

/** The group `name`; `conflict` where it is of the other kind. */
export async function groupOfKind(
  scope: Scope,
  name: string,
  type: GroupSettings["type"],
): Promise<Result<Known, Failure>> {
  const known = await groupMetadata.resolve(scope, name)
  if (!known.ok) return known
  const checked = checkKind(known.value.entry, type)
  if (checked.ok) return known
  // deleted and created again as another one, for all that is known
  return known.value.cached ? reloadGroupOfKind(scope, name, type) : checked
}

/**
 * What `work` comes to for each of `items` in the life of the consumer group that the Worker knows. Where that turns
 * out to be over, members of the next one seem to be fenced: for those it is done once more.
 */
export async function eachOwned<Item, T>(
  scope: Scope,
  group: string,
  items: readonly Item[],
  work: (generation: number, item: Item) => Promise<Result<T, Failure>>,
): Promise<Result<readonly Result<T, Failure>[], Failure>> {
  const known = await groupOfKind(scope, group, "consumer")
  if (!known.ok) return known
  const { entry, cached } = known.value
  const results = await each(items, (item) => work(entry.incarnation, item))
  if (!cached || !results.some(isFenced)) return ok(results)
  const fresh = await reloadGroupOfKind(scope, group, "consumer")
  if (!fresh.ok) return fresh.error.code === "not_found" ? fresh : ok(results)
  const { incarnation } = fresh.value.entry
  if (incarnation === entry.incarnation) return ok(results)
  const places = items.map((item, place) => ({ item, result: results[place]! }))
  return ok(await each(places, async ({ item, result }) => (isFenced(result) ? work(incarnation, item) : result)))
}

/** The same, as the catalog holds it. */
export async function reloadGroupOfKind(
  scope: Scope,
  name: string,
  type: GroupSettings["type"],
): Promise<Result<Known, Failure>> {
  const entry = await groupMetadata.reload(scope, name)
  if (!entry.ok) return entry
  const checked = checkKind(entry.value, type)
  return checked.ok ? ok({ entry: checked.value, cached: false }) : checked
}

/** Whether somebody else has what was to be worked on. */
export function isFenced(result: Result<unknown, Failure>): boolean {
  return !result.ok && result.error.code === "fenced"
}

/** A figure that the demo found, beside what it must be. */
export interface Check {
  readonly name: string
  readonly actual: number
  readonly expected: number
}

/** Whether the figure is what it must be. */
export function isRight({ actual, expected }: Check): boolean {
  return actual === expected
}

/** Keys under which `read` is not exactly `sent`, in the same order. */
export function keysOutOfOrder(
  sent: Iterable<readonly [key: string, item: string]>,
  read: Iterable<readonly [key: string, item: string]>,
): string[] {
  const left = groupByKey(sent)
  const right = groupByKey(read)
  const keys = new Set([...left.keys(), ...right.keys()])
  return [...keys].filter((key) => !sameItems(left.get(key) ?? [], right.get(key) ?? []))
}

/** Places where an offset is not the one before it plus one, the first being `first`. */
export function offsetGaps(offsets: readonly number[], first = 0): number {
  return offsets.filter((offset, index) => offset !== (index === 0 ? first : offsets[index - 1]! + 1)).length
}

/** Places at which two lists differ, the longer one's surplus included. */
export function differences(left: readonly string[], right: readonly string[]): number {
  const longer = left.length > right.length ? left : right
  return longer.filter((_, index) => left[index] !== right[index]).length
}

/** Keys found in more than one place. */
export function scatteredKeys(places: Iterable<readonly [key: string, place: number]>): string[] {
  const placesOf = new Map<string, Set<number>>()
  for (const [key, place] of places) placesOf.set(key, (placesOf.get(key) ?? new Set()).add(place))
  return [...placesOf].filter(([, found]) => found.size > 1).map(([key]) => key)
}

/** Members of `wanted` that do not stand exactly once in `found`, and members of `found` that are not wanted. */
export function notExactlyOnce(wanted: Iterable<string>, found: Iterable<string>): string[] {
  const counts = new Map<string, number>()
  for (const item of found) counts.set(item, (counts.get(item) ?? 0) + 1)
  for (const item of wanted) counts.set(item, (counts.get(item) ?? 0) - 1)
  return [...counts].filter(([, count]) => count !== 0).map(([item]) => item)
}

function groupByKey(items: Iterable<readonly [string, string]>): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [key, item] of items) {
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

function sameItems(left: readonly string[], right: readonly string[]): boolean {
  return differences(left, right) === 0
}

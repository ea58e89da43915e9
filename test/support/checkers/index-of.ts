/** The list under a key, made where there is none. */
export function listAt<Key, Value>(lists: Map<Key, Value[]>, key: Key): Value[] {
  const found = lists.get(key)
  if (found) return found
  const made: Value[] = []
  lists.set(key, made)
  return made
}

/** The first place of a sorted list whose number is at least so great; its length where there is none. */
export function firstFrom<Value>(sorted: readonly Value[], number: number, of: (value: Value) => number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (of(sorted[middle]!) < number) low = middle + 1
    else high = middle
  }
  return low
}

/** One text for several names that may hold anything. */
export function keyOf(...parts: readonly (string | number | null)[]): string {
  return JSON.stringify(parts)
}

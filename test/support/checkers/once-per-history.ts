import type { History } from "./history.ts"
import type { Promises } from "./promises.ts"

type Reading<Value> = (history: History, promises: Promises) => Value

/** A reading that is made once for all checkers: it takes longer than what they do with it. */
export function oncePerHistory<Value>(read: Reading<Value>): Reading<Value> {
  const made = new WeakMap<History, { readonly promises: Promises; readonly length: number; readonly value: Value }>()
  return (history, promises) => {
    const { length } = history.operations
    const before = made.get(history)
    if (before?.promises === promises && before.length === length) return before.value
    const value = read(history, promises)
    made.set(history, { promises, length, value })
    return value
  }
}

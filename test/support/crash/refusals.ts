import type { Append, History } from "../checkers/history.ts"
import type { Violation } from "../checkers/promises.ts"

/**
 * What a load asks to be stored is never refused: a broker that takes nothing any more has nothing to lose. But for what
 * comes with a commit, which is refused with it, and from a producer that was opened again since.
 */
export function checkRefusals({ operations }: History): Violation[] {
  const committers = new Set(operations.flatMap((one) => (one.kind === "commit" ? [one.client] : [])))
  const appends = operations.filter((one) => one.kind === "append")
  const violations = operations.flatMap((one) => {
    if (one.kind !== "send") return []
    const refused = one.results?.find((result) => "refused" in result)
    return refused ? [violation(`a send of ${one.client} to ${one.queue} (${refused.refused})`, one.calledAt)] : []
  })
  for (const append of appends) {
    const isRefused = append.offsets?.length === 0 && !committers.has(append.client)
    if (!isRefused || appends.some((other) => replaces(other, append))) continue
    const { client, topic, partition, calledAt } = append
    violations.push(violation(`an append of ${client} to ${topic}/${partition}`, calledAt))
  }
  return violations
}

/** Whether one producer had followed another of its name. */
function replaces({ producer, calledAt }: Append, other: Append): boolean {
  if (producer === null || producer.id !== other.producer?.id) return false
  return producer.epoch > other.producer.epoch && calledAt <= other.calledAt
}

function violation(what: string, at: number): Violation {
  return { rule: "refused", detail: `${what} was refused`, at }
}

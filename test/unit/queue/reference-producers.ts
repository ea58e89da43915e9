import type { ProducerBatch } from "../../../src/core/producers/producer-state.ts"
import type { Reference } from "./reference.ts"
import type { ProducerHistory, Sent } from "./reference-data.ts"

/** Publishes of a producer whose ids are known. */
const REMEMBERED = 5

type Outcome = number | null | "queue_full" | "queue_paused"

/** Per message its outcome, and how many were stored before; or what became of the whole. */
type Produced =
  | { readonly results: readonly Outcome[]; readonly repeatedCount: number }
  | { readonly refused: "queue_paused" | "fenced" }
  | { readonly refused: "sequence_gap"; readonly expected: number }

/** The sequence that a producer goes on with under its epoch. */
export function nextOf({ data }: Reference, producerId: number): number {
  return data.producers[producerId]?.entries.length ?? 0
}

/** A publish of a producer, by the letter of [W52] and [Q53] to [Q55]. */
export function produce(
  reference: Reference,
  { producerId, epoch, sequence }: ProducerBatch,
  messages: readonly Sent[],
  now: number,
): Produced {
  const { producers } = reference.data
  const known = producers[producerId]
  if (known && epoch < known.epoch) return { refused: "fenced" }
  const isNew = !known || epoch > known.epoch
  const expected = isNew ? 0 : known.entries.length
  if (sequence > expected) return { refused: "sequence_gap", expected }
  const repeatedCount = Math.min(messages.length, expected - sequence)
  const repeated = messages
    .slice(0, repeatedCount)
    .map((message, nth) => idOf(known!, sequence + nth) ?? reference.repeatedId(message, now))
  const rest = messages.slice(repeatedCount)
  const { ids, refusal } = takeIn(reference, rest, now)
  const history = isNew ? { epoch, entries: [], publishes: 0 } : known
  // one that is refused is not known from then on, and takes no epoch over
  if (ids.length > 0) {
    producers[producerId] = history
    note(history, ids)
  }
  if (refusal === "queue_paused" && repeatedCount === 0) return { refused: refusal }
  const refused = rest.slice(ids.length).map((): Outcome => refusal!)
  return { results: [...repeated, ...ids, ...refused], repeatedCount }
}

function takeIn(
  reference: Reference,
  messages: readonly Sent[],
  now: number,
): { readonly ids: number[]; readonly refusal: "queue_full" | "queue_paused" | null } {
  const ids: number[] = []
  if (messages.length > 0 && reference.settings.sendingPaused) return { ids, refusal: "queue_paused" }
  for (const message of messages) {
    const outcome = reference.take(message, now)
    if (outcome === "queue_full") return { ids, refusal: outcome }
    ids.push(outcome)
  }
  return { ids, refusal: null }
}

function note(history: ProducerHistory, ids: readonly number[]): void {
  const publish = history.publishes++
  const isNeighbour = ids.every((id, nth) => id === ids[0]! + nth)
  history.entries.push(...ids.map((id) => ({ id, publish, isNeighbour })))
}

function idOf({ entries, publishes }: ProducerHistory, sequence: number): number | null {
  const entry = entries[sequence]
  return entry && entry.isNeighbour && entry.publish >= publishes - REMEMBERED ? entry.id : null
}

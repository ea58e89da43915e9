import type { Failure } from "../errors.ts"
import type { Submissions } from "../log/submission.ts"
import type { ProducerBatch } from "../producers/producer-state.ts"
import type { Known, Producers } from "../producers/producers.ts"
import { ok, type Result } from "../result.ts"
import type { ProducerReply } from "./commands.ts"
import { repeatedId, takeInUpToRefusal } from "./intake.ts"
import type { QueueState } from "./queue-state.ts"

/** What a producer sends at once. */
export interface Produced {
  readonly producer: ProducerBatch
  readonly batch: Submissions
}

/**
 * Takes in what of a batch is not stored yet, up to the first message that is refused: sequences have no holes, so a
 * later message would take the place of that one. A failure is one of the whole, of which nothing is stored.
 */
export function takeInFrom(
  state: QueueState,
  producers: Producers,
  { producer, batch }: Produced,
  now: number,
): Result<ProducerReply, Failure> {
  const known = producers.match(producer, batch.count, now)
  if (!known.ok) return known
  const repeatedCount = known.value.stored
  const repeated = repeatedIds(state, known.value, batch, now)
  if (repeatedCount === batch.count) return ok({ results: repeated, repeatedCount })
  const taken = takeInUpToRefusal(state, batch, repeatedCount, now)
  const { ids, refused } = taken.ok ? taken.value : { ids: [], refused: taken.error }
  const next = { ...producer, sequence: producer.sequence + repeatedCount }
  if (ids.length > 0) producers.note(next, { count: ids.length, firstId: firstOf(ids), storedAt: now }, now)
  // with a part that is stored there is an answer for each message
  if (!taken.ok && repeatedCount === 0) return taken
  const left = batch.count - repeatedCount - ids.length
  const rest = refused ? Array.from<Failure>({ length: left }).fill(refused) : []
  return ok({ results: [...repeated, ...ids, ...rest], repeatedCount })
}

/** Ids of the first messages of a batch, which are stored; a deduplication id may know what is not remembered. */
function repeatedIds(state: QueueState, { runs }: Known, batch: Submissions, now: number): (number | null)[] {
  const ids: (number | null)[] = []
  for (const { count, firstId } of runs) {
    for (let nth = 0; nth < count; nth++) {
      ids.push(firstId === null ? repeatedId(state, batch, ids.length, now) : firstId + nth)
    }
  }
  return ids
}

/** The first of `ids` where they are neighbours, else null. */
function firstOf(ids: readonly number[]): number | null {
  const first = ids[0]!
  return ids.every((id, nth) => id === first + nth) ? first : null
}

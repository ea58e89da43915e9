import type { Failure } from "../errors.ts"
import type { ProducerBatch } from "../producers/producer-state.ts"
import type { Known, Producers } from "../producers/producers.ts"
import { err, ok, type Result } from "../result.ts"
import type { AppendReply } from "./commands.ts"

/** The answer to a batch that is stored already, null for the one that comes next, or why it can't come now. */
export function repeatedAppend(
  producers: Producers,
  producer: ProducerBatch,
  count: number,
  now: number,
): Result<AppendReply | null, Failure> {
  const known = producers.match(producer, count, now)
  if (!known.ok) return known
  const { stored } = known.value
  if (stored === 0) return ok(null)
  if (stored === count) return ok(replyOf(known.value))
  // partly stored is as wrong as a gap: there is no answer that fits both parts
  return err({ code: "sequence_gap", expectedSequence: producer.sequence + stored })
}

/** Where the records stand is known while that is one place. */
function replyOf({ runs, lastAt }: Known): AppendReply {
  const [run, ...others] = runs
  if (!run || others.length > 0) return { baseOffset: null, appendedAt: lastAt, repeated: true }
  return { baseOffset: run.firstId, appendedAt: run.storedAt, repeated: true }
}

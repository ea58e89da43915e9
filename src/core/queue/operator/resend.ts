import type { Failure } from "../../errors.ts"
import { decodeOrNull } from "../../log/read.ts"
import { err, ok, type Result } from "../../result.ts"
import { readDeadLetter } from "../dead-letter.ts"
import type { QueueState } from "../queue-state.ts"
import type { ResendRequest } from "./commands.ts"
import type { Place } from "./find.ts"
import { takeOut } from "./remove.ts"

/** A scheduled message has no offset yet: its damage is told with this one. */
const NO_OFFSET = -1

/**
 * Sends one message on to another queue and finishes it here. Answers the queue's name. What is stored must be
 * whole, unless an edited message takes its place.
 */
export function resend(state: QueueState, request: ResendRequest, place: Place, now: number): Result<string, Failure> {
  if (place.kind === "log" && place.standing === "in_flight") return err({ code: "message_in_flight" })
  const stored = storedAt(state, place)
  if (request.frame === null && decodeOrNull(stored.frame) === null) {
    return err({ code: "corrupt_batch", firstOffset: stored.offset, lastOffset: stored.offset })
  }
  const queue = request.queue ?? readDeadLetter(stored.frame)?.queue ?? null
  if (queue === null) return err({ code: "invalid_field", pointer: "/queue", detail: "say which queue" })
  takeOut(state, place, now)
  if (request.frame === null) state.move(queue, stored.frame, stored.keyHash)
  else state.move(queue, request.frame, request.keyHash)
  state.counters.redriven++
  return ok(queue)
}

interface Stored {
  readonly offset: number
  readonly frame: Uint8Array
  readonly keyHash: number
}

function storedAt(state: QueueState, place: Place): Stored {
  if (place.kind === "scheduled") {
    const { frame, keyHash } = place.message
    return { offset: NO_OFFSET, frame, keyHash }
  }
  const { offset } = place
  const { entry, frame } = state.log.frameAt(offset, 0)
  return { offset, frame, keyHash: entry?.keyHash ?? 0 }
}

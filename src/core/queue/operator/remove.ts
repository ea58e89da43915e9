import type { Failure } from "../../errors.ts"
import { err, ok, type Result } from "../../result.ts"
import type { QueueState } from "../queue-state.ts"
import type { Place } from "./find.ts"

/** Deletes one message, or cancels it where it is scheduled. Somebody works on one in flight: it is refused. */
export function removeMessage(state: QueueState, place: Place, now: number): Result<null, Failure> {
  if (place.kind === "log" && place.standing === "in_flight") return err({ code: "message_in_flight" })
  takeOut(state, place, now)
  state.counters.removed++
  return ok(null)
}

/** Ends a message's life here. */
export function takeOut(state: QueueState, place: Place, now: number): void {
  if (place.kind === "scheduled") state.schedule.cancel(place.message.messageId)
  else state.remove(place.offset, now)
}

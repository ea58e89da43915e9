import type { Failure } from "../core/errors.ts"
import { MAX_SUBSCRIPTIONS } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import { invalidField } from "../protocol/native/fields.ts"

/** The numbers that a client has given: each names one subscription or member until that is over. */
export class Numbers {
  readonly #taken = new Set<number>()

  /** Takes `sub`, or says why it can't be had. */
  take(sub: number): Result<null, Failure> {
    if (this.#taken.has(sub))
      return invalidField("/sub", "is the number of a subscription or member that has not ended")
    if (this.#taken.size >= MAX_SUBSCRIPTIONS) {
      return err({
        code: "invalid_request",
        detail: `at most ${MAX_SUBSCRIPTIONS} subscriptions and members on a socket`,
      })
    }
    this.#taken.add(sub)
    return ok(null)
  }

  /** What `sub` named is over. */
  free(sub: number): void {
    this.#taken.delete(sub)
  }
}

import type { Connection } from "../connection.ts"
import type { MillraceError } from "../errors.ts"

/**
 * Ends something when its client is closed in good order, or its caller's signal aborts; what it returns forgets that.
 * Throws why the client is over where it is.
 */
export function endWith(
  { closing, beforeClose }: Connection,
  signal: AbortSignal | undefined,
  end: () => Promise<unknown>,
  abort: () => void,
): () => void {
  closing.throwIfAborted()
  beforeClose.add(end)
  signal?.addEventListener("abort", abort)
  if (signal?.aborted) abort()
  return () => {
    beforeClose.delete(end)
    signal?.removeEventListener("abort", abort)
  }
}

/** Throws why something failed; that its client was closed is an end like any other. */
export function throwFailure(failure: MillraceError | null): void {
  if (failure !== null && failure.code !== "closed") throw failure
}

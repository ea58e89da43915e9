import type { Failure } from "../core/errors.ts"
import type { Result } from "../core/result.ts"
import type { ShareReceiveRequest, ShareTerms } from "../core/stream/share/commands.ts"
import type { Dial, ObjectSocket } from "./ports.ts"
import { type ShareReceived, WaitingShare } from "./waiting-share.ts"

/** One partition to wait at. */
export interface ShareWait {
  readonly dial: Dial
  /** Of the topic's settings. */
  readonly version: number
  readonly terms: ShareTerms
}

/**
 * Receives from whichever partition has a record first, for at most `waitMs`; the wait is outside the objects, which
 * may sleep. What others deliver meanwhile is answered too: in all that may be more than was asked for. Ends early when
 * `signal` aborts, as `waitForMessages` does. One answer per wait; a failure ends only its own.
 */
export async function waitForShares(
  waits: readonly ShareWait[],
  request: ShareReceiveRequest,
  waitMs: number,
  signal: AbortSignal,
): Promise<Result<ShareReceived, Failure>[]> {
  let isOver = signal.aborted
  const stopAll = (): void => {
    isOver = true
    for (const { receive, socket } of opened) if (socket !== null) receive.stop()
  }
  const opened = waits.map((wait) => ({
    wait,
    receive: new WaitingShare(request, stopAll),
    socket: null as ObjectSocket | null,
  }))
  const timer = setTimeout(stopAll, waitMs)
  signal.addEventListener("abort", stopAll)
  try {
    return await Promise.all(
      opened.map(async (one) => {
        const { dial, version, terms } = one.wait
        const dialled = await dial(version, one.receive)
        if (!dialled.ok) return dialled
        one.socket = dialled.value
        one.receive.start(dialled.value, terms)
        if (isOver) one.receive.stop()
        return one.receive.result
      }),
    )
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", stopAll)
  }
}

import type { Failure } from "../core/errors.ts"
import type { ReceiveReply, ReceiveRequest } from "../core/queue/commands.ts"
import type { Result } from "../core/result.ts"
import { dialer, type SocketStub } from "./dial.ts"
import { WaitingReceive } from "./waiting-receive.ts"

/**
 * Receives as soon as there is a message, for at most `waitMs`; the wait is outside the object, which may sleep. An
 * answer without messages means that none came in time. Ends early when `signal` aborts: what was received by then is
 * answered all the same, for the caller to hand back.
 */
export async function waitForMessages(
  stub: SocketStub,
  version: number,
  request: ReceiveRequest,
  waitMs: number,
  signal: AbortSignal,
): Promise<Result<ReceiveReply, Failure>> {
  const receive = new WaitingReceive(request)
  const opened = await dialer(() => stub)(version, receive)
  if (!opened.ok) return opened
  const stop = (): void => receive.stop()
  const timer = setTimeout(stop, waitMs)
  signal.addEventListener("abort", stop)
  receive.start(opened.value)
  if (signal.aborted) receive.stop()
  try {
    return await receive.result
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", stop)
  }
}

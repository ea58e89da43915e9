import type { Failure } from "../core/errors.ts"
import type { Result } from "../core/result.ts"
import type { Owner } from "../core/stream/group-commands.ts"
import { dialer, type SocketStub } from "./dial.ts"
import { WaitingRead } from "./waiting-read.ts"

/**
 * Waits until a partition has a record at `offset` or above, for at most `waitMs`; the wait is outside the object,
 * which may sleep. False where none came in time, or `signal` aborted. An `owner` waits for records that it may read.
 */
export async function waitForRecords(
  stub: SocketStub,
  version: number,
  offset: number,
  waitMs: number,
  signal: AbortSignal,
  owner: Owner | null = null,
): Promise<Result<boolean, Failure>> {
  const read = new WaitingRead()
  const opened = await dialer(() => stub)(version, read)
  if (!opened.ok) return opened
  const stop = (): void => read.stop()
  const timer = setTimeout(stop, waitMs)
  signal.addEventListener("abort", stop)
  read.start(opened.value, offset, owner)
  if (signal.aborted) read.stop()
  try {
    return await read.result
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", stop)
  }
}

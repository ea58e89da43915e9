import type { Connection } from "../connection.ts"
import type { MillraceError } from "../errors.ts"
import { isPassing } from "../refusals.ts"
import { quietTimeout } from "../timers.ts"

/** How often it is asked whether a topic has more partitions. */
const ASK_EVERY_MS = 60_000
const RETRY_MS = 500

/** Tells the number of a topic's partitions, and again whenever it was asked; what it returns ends that. */
export function followPartitions(
  connection: Pick<Connection, "call">,
  topic: string,
  {
    counted,
    failed,
  }: { readonly counted: (partitions: number) => void; readonly failed: (error: MillraceError) => void },
): () => void {
  let isOver = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const ask = async (): Promise<void> => {
    let delayMs = ASK_EVERY_MS
    try {
      const { partitions } = await connection.call({ type: "describe", topic })
      if (!isOver) counted(partitions as number)
    } catch (error) {
      if (isPassing(error as MillraceError)) delayMs = RETRY_MS
      else if (!isOver) return failed(error as MillraceError)
    }
    if (!isOver) timer = quietTimeout(() => void ask(), delayMs)
  }
  void ask()
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}

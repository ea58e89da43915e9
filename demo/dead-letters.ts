import type { Message, Queue } from "../src/client/index.ts"
import type { Step } from "./progress.ts"

/** Far longer than a dead letter takes from one queue to the other. */
const PATIENCE_MS = 10_000
/** How long it is seen whether more come than should. */
const SURPLUS_MS = 500

/** Takes and acknowledges the `expected` messages of a queue, and what else is there. */
export async function drain<Body>(queue: Queue<Body>, expected: number, step: Step): Promise<Message<Body>[]> {
  const drained: Message<Body>[] = []
  const messages = queue.messages()
  for (;;) {
    const waitMs = drained.length < expected ? PATIENCE_MS : SURPLUS_MS
    const leaving = setTimeout(() => void messages.return?.(), waitMs)
    const next = await messages.next()
    clearTimeout(leaving)
    if (next.done === true) return drained
    await next.value.ack()
    drained.push(next.value)
    step.advance(1)
  }
}

import { MillraceError } from "../client/index.ts"

/** How what was sent went, in the order of sending. */
export type Outcome<Item, Answer> =
  | { readonly item: Item; readonly answer: Answer }
  | { readonly item: Item; readonly error: MillraceError }

/** What is sent and how. */
export interface PipelineParts<Item, Answer> {
  readonly items: AsyncIterable<Item> | Iterable<Item>
  readonly send: (item: Item) => Promise<Answer>
  /** What it takes in memory until it is answered. */
  readonly bytesOf: (item: Item) => number
  /** Whether an item must not be sent before `before` was answered; never, where it is left out. */
  readonly waitsFor?: (item: Item, before: Item) => boolean
  readonly signal: AbortSignal
}

/** Enough to keep the broker busy, little enough to stop soon where the reader of the results is slow. */
const MAX_UNANSWERED = 2_000
const MAX_UNANSWERED_BYTES = 16 * 1024 * 1024

/**
 * Sends every item without waiting for the answers of those before, and gives the answers in order, each as soon as it
 * is there. A refusal is an outcome. Anything else that is thrown ends it, when the outcomes before were given.
 */
export async function* pipelined<Item, Answer>(
  parts: PipelineParts<Item, Answer>,
): AsyncGenerator<Outcome<Item, Answer>, void> {
  const pipeline = new Pipeline(parts)
  const sending = pipeline.sendAll()
  // it is looked at when everything before was given
  sending.catch(() => null)
  try {
    for (let next = await pipeline.oldest(); next !== null; next = await pipeline.oldest()) yield next
    await sending
  } finally {
    pipeline.stop()
  }
}

interface Unanswered<Item, Answer> {
  readonly outcome: Promise<Outcome<Item, Answer>>
  readonly bytes: number
}

class Pipeline<Item, Answer> {
  readonly #parts: PipelineParts<Item, Answer>
  readonly #unanswered: Unanswered<Item, Answer>[] = []
  readonly #sent = new Wakeup()
  readonly #answered = new Wakeup()
  #bytes = 0
  #isOver = false

  constructor(parts: PipelineParts<Item, Answer>) {
    this.#parts = parts
  }

  /** Resolves when everything is sent; what was is not answered by then. */
  async sendAll(): Promise<void> {
    const { items, bytesOf, waitsFor = () => false, signal } = this.#parts
    let before: Item | null = null
    try {
      for await (const item of items) {
        const mayOvertake = before === null || !waitsFor(item, before)
        while (!this.#isOver && !this.#hasRoom(mayOvertake, bytesOf(item))) await this.#answered.next()
        signal.throwIfAborted()
        if (this.#isOver) return
        before = item
        this.#send(item, bytesOf(item))
      }
    } finally {
      this.#isOver = true
      this.#sent.wake()
    }
  }

  /** The next outcome; null where there will be none. Rejects where not only this item failed. */
  async oldest(): Promise<Outcome<Item, Answer> | null> {
    while (this.#unanswered.length === 0) {
      if (this.#isOver) return null
      await this.#sent.next()
    }
    const [first] = this.#unanswered
    const outcome = await first!.outcome
    this.#unanswered.shift()
    this.#bytes -= first!.bytes
    this.#answered.wake()
    return outcome
  }

  /** Nothing more is sent. */
  stop(): void {
    this.#isOver = true
    this.#answered.wake()
  }

  #hasRoom(mayOvertake: boolean, bytes: number): boolean {
    const count = this.#unanswered.length
    if (count === 0) return true
    return mayOvertake && count < MAX_UNANSWERED && this.#bytes + bytes <= MAX_UNANSWERED_BYTES
  }

  #send(item: Item, bytes: number): void {
    const outcome = outcomeOf(item, this.#parts.send)
    // the first that fails for all of them is thrown when its turn comes; the others are of no interest then
    outcome.catch(() => null)
    this.#unanswered.push({ outcome, bytes })
    this.#bytes += bytes
    this.#sent.wake()
  }
}

/** Wakes the one who waits. */
class Wakeup {
  #wake = (): void => {}

  next(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  wake(): void {
    this.#wake()
  }
}

async function outcomeOf<Item, Answer>(
  item: Item,
  send: (item: Item) => Promise<Answer>,
): Promise<Outcome<Item, Answer>> {
  try {
    return { item, answer: await send(item) }
  } catch (error) {
    if (error instanceof MillraceError && isRefusal(error)) return { item, error }
    throw error
  }
}

/** Without a connection, a place to send to or the right to do so, all others fail as well. */
const FAILS_ALL = new Set(["closed", "aborted", "unauthorized", "unavailable", "forbidden", "not_found"])

/** What concerns this item alone. */
function isRefusal(error: MillraceError): boolean {
  return !FAILS_ALL.has(error.code)
}

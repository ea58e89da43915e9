import { MAX_UNSENT_BYTES, UNSENT_MARK_BYTES } from "../core/limits.ts"

interface Mark {
  readonly id: number
  /** Bytes that were sent before it. */
  readonly sentBytes: number
}

/** How much was sent to a client, and how much of it the client has shown to have read by answering pings. */
export class ReadMarks {
  #sentBytes = 0
  #readBytes = 0
  #lastId = 0
  /** Those that wait for their answer, oldest first: few, as no more is sent than fits between them. */
  #marks: Mark[] = []
  #markedBytes = 0

  /** Bytes to the next mark; 0 where nothing may be sent until the client has read. */
  get roomBytes(): number {
    if (this.#sentBytes - this.#readBytes >= MAX_UNSENT_BYTES) return 0
    return Math.max(1, UNSENT_MARK_BYTES - (this.#sentBytes - this.#markedBytes))
  }

  /** Takes note of what is sent. Answers the id of a ping that is to go behind it, or null. */
  sent(bytes: number): number | null {
    this.#sentBytes += bytes
    return this.#sentBytes - this.#markedBytes < UNSENT_MARK_BYTES ? null : this.mark()
  }

  /** The id of a ping behind all that was sent so far. */
  mark(): number {
    this.#lastId += 1
    this.#markedBytes = this.#sentBytes
    this.#marks.push({ id: this.#lastId, sentBytes: this.#sentBytes })
    return this.#lastId
  }

  /** The client has read up to the ping `id`. False where there was no such ping. */
  read(id: number): boolean {
    if (id > this.#lastId || id === 0) return false
    const read = this.#marks.findLast((mark) => mark.id <= id)
    if (read === undefined) return true
    this.#readBytes = read.sentBytes
    this.#marks = this.#marks.filter((mark) => mark.id > id)
    return true
  }
}

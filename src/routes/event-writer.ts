const encoder = new TextEncoder()

/**
 * The body of an answer that goes on: what is written waits until the client takes it, and when nothing is written for
 * a while a heartbeat is. There are runtimes on which nothing but a failed write shows that a client is gone.
 */
export class EventWriter {
  readonly readable: ReadableStream<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #timer: ReturnType<typeof setInterval>
  #pending = 0
  #isGone = false
  #whenGone: () => void = () => {}

  constructor(heartbeat: string, intervalMs: number) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    this.readable = readable
    this.#writer = writable.getWriter()
    // one that is not taken is enough: the client is slow, or gone and about to be noticed
    this.#timer = setInterval(() => void (this.#pending > 0 || this.write(heartbeat)), intervalMs)
  }

  /** Calls `listener` when the client turns out to be gone, at once where it is. */
  onGone(listener: () => void): void {
    this.#whenGone = listener
    if (this.#isGone) listener()
  }

  /** Writes `text` and waits until it was taken; false where the client is gone. */
  async write(text: string): Promise<boolean> {
    if (this.#isGone) return false
    this.#pending++
    try {
      await this.#writer.write(encoder.encode(text))
    } catch {
      this.#leave()
    } finally {
      this.#pending--
    }
    return !this.#isGone
  }

  /** Drops what waits to be taken: the client is known to be gone. */
  abandon(): void {
    this.#leave()
    void this.#writer.abort().catch(() => {})
  }

  /** Ends the answer. */
  async end(): Promise<void> {
    clearInterval(this.#timer)
    if (!this.#isGone) await this.#writer.close().catch(() => {})
  }

  #leave(): void {
    this.#isGone = true
    this.#whenGone()
  }
}

/** How long a step took. */
export interface Timing {
  readonly name: string
  readonly count: number
  readonly elapsedMs: number
}

/** A step under way. */
export interface Step {
  advance(count: number): void
  end(): Timing
}

const REDRAW_MS = 80
const ERASE_LINE = "\r\u001b[K"

/** Shows what the demo is doing: a line that counts up on a terminal, elsewhere a line per finished step. */
export class Progress {
  readonly #out: NodeJS.WriteStream
  #current: string | null = null

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
  }

  /** The step under way, for messages about where things went wrong. */
  get current(): string | null {
    return this.#current
  }

  /** Begins a step of `total` messages, records or the like. */
  start(name: string, total: number): Step {
    const startedAt = performance.now()
    let count = 0
    let drawnAt = 0
    this.#current = name
    const draw = (): void => {
      const now = performance.now()
      if (!this.#out.isTTY || now - drawnAt < REDRAW_MS) return
      drawnAt = now
      this.#out.write(`${ERASE_LINE}${name} … ${grouped(count)} of ${grouped(total)}`)
    }
    draw()
    return {
      advance: (more) => {
        count += more
        draw()
      },
      end: () => {
        this.#current = null
        const timing = { name, count, elapsedMs: performance.now() - startedAt }
        this.#out.write(`${this.#out.isTTY ? ERASE_LINE : ""}${timingLine(timing)}\n`)
        return timing
      },
    }
  }

  /** A line for the reader. */
  say(text: string): void {
    this.#out.write(`${this.#out.isTTY ? ERASE_LINE : ""}${text}\n`)
  }
}

/** A count with its thousands set apart. */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString("en-US")
}

function timingLine({ name, count, elapsedMs }: Timing): string {
  return `${name}: ${grouped(count)} in ${(elapsedMs / 1000).toFixed(2)} s`
}

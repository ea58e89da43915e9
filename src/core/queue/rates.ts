/** What is counted per second. */
const COUNTED = ["sent", "delivered", "acknowledged"] as const
type Totals = Readonly<Record<(typeof COUNTED)[number], number>>

const SPAN_MS = 60_000
const STEP_MS = 5_000

interface Sample {
  readonly at: number
  readonly totals: Totals
}

/** Messages a second over the last minute, from a sample of the totals every few seconds. In memory only. */
export class Rates {
  #samples: Sample[] = []

  /** Takes a sample where the last one is old enough; `totals` are those before what happens at `now`. */
  sample(totals: Totals, now: number): void {
    const last = this.#samples.at(-1)
    if (last && now >= last.at && now - last.at < STEP_MS) return
    const { sent, delivered, acknowledged } = totals
    const kept = last && now < last.at ? [] : this.#samples.filter(({ at }) => now - at < SPAN_MS + STEP_MS)
    this.#samples = [...kept, { at: now, totals: { sent, delivered, acknowledged } }]
  }

  /** The rates at `now`, when the totals are `totals`. */
  at(totals: Totals, now: number): Totals {
    const first = this.#samples.find(({ at }) => now - at <= SPAN_MS)
    const seconds = first ? Math.max(1, (now - first.at) / 1000) : 1
    const rate = (name: keyof Totals): number => (first ? rounded((totals[name] - first.totals[name]) / seconds) : 0)
    return { sent: rate("sent"), delivered: rate("delivered"), acknowledged: rate("acknowledged") }
  }
}

/** Nobody needs more than thousandths. */
function rounded(rate: number): number {
  return Math.round(rate * 1000) / 1000
}

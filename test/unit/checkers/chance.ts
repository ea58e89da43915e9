import { Random } from "../../simulation/random.ts"

/** What happens between clients and a broker, as a seed decides. */
export class Chance extends Random {
  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return this.between(0, end - 1)
  }

  /** When a client asked for what was done at an instant, and heard of it: null for never. */
  answer(now: number): { calledAt: number; answeredAt: number | null } {
    const calledAt = now - this.below(200)
    return { calledAt, answeredAt: this.chance(0.1) ? null : now + 1 + this.below(200) }
  }
}

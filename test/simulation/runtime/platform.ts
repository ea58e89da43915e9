import { Random } from "../random.ts"
import { CALM, type FaultKind, type Profile, type RangeMs } from "./profile.ts"
import { Loop } from "./loop.ts"

/** When wall clocks begin: any instant will do, if only it is the same for each run. */
const STARTED_AT = Date.UTC(2026, 0, 1)

/** Whoever wants to hear that a turn is over in which it did something. */
export interface TurnEnder {
  turnEnded(): void
}

/** What all parts of a simulated platform share: time, chance, what goes wrong, and the book about it. */
export class Platform {
  profile: Profile
  readonly loop = new Loop({
    turnEnded: () => this.#turnEnded(),
    stepFailed: (error) => this.fail("an event", error),
  })
  readonly random: Random
  readonly faults = Object.fromEntries(Object.keys(CALM.chances).map((kind) => [kind, 0])) as Record<FaultKind, number>
  readonly counts = { requests: 0, calls: 0, messages: 0, commits: 0, alarms: 0 }
  readonly errors: string[] = []
  readonly trace: string[] = []
  /** By how much all wall clocks have jumped. */
  wallOffsetMs = 0
  readonly #isTraced: boolean
  #active = new Set<TurnEnder>()

  constructor(seed: number, profile: Profile, isTraced: boolean) {
    this.random = new Random(seed)
    this.profile = profile
    this.#isTraced = isTraced
  }

  /** What a wall clock shows that is off by `offsetMs` besides. */
  wallClock(offsetMs = 0): number {
    return STARTED_AT + Math.floor(this.loop.now + this.wallOffsetMs + offsetMs)
  }

  /** When in the loop's time such a clock shows `at`. */
  loopTimeOf(at: number, offsetMs: number): number {
    return at - STARTED_AT - this.wallOffsetMs - offsetMs
  }

  /** Whether this goes wrong now; counted where it does. */
  strikes(kind: FaultKind): boolean {
    const chance = this.profile.chances[kind]
    if (chance === 0 || !this.random.chance(chance)) return false
    this.faults[kind]++
    return true
  }

  drawMs([least, most]: RangeMs): number {
    return least + this.random.next() * (most - least)
  }

  /** How long something is under way that takes `range` unless it is slow. */
  travelMs(range: RangeMs): number {
    return this.drawMs(range) + (this.strikes("slow") ? this.drawMs(this.profile.delays.slowMs) : 0)
  }

  /** Tells `ender` when the turn is over. */
  noteActive(ender: TurnEnder): void {
    this.#active.add(ender)
  }

  note(who: string, what: string): void {
    if (this.#isTraced) this.trace.push(`${this.loop.now.toFixed(3)} ${who}: ${what}`)
  }

  /** Something threw. Where it was not the network, nothing around explains it. */
  fail(who: string, error: unknown): void {
    if (error instanceof Error && "remote" in error) return this.note(who, `met ${error.message}`)
    const text = `${who}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    this.errors.push(text)
    this.note(who, `failed: ${String(error)}`)
  }

  #turnEnded(): void {
    if (this.#active.size === 0) return
    const active = this.#active
    this.#active = new Set()
    for (const ender of active) ender.turnEnded()
  }
}

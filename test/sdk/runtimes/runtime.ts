import type { Place } from "../suite/place.ts"
import type { Stage } from "./stage.ts"

/** What a run of the suite left. */
export interface Run {
  /** As `runChecks` says them. */
  readonly lines: readonly string[]
  /** All else that was said, on whatever channel a runtime complains. */
  readonly complaints: string
  /** How the process ended; null where there is none of the suite's own. */
  readonly exitCode: number | null
}

/** A JavaScript runtime that can run the suite. */
export interface Runtime {
  readonly name: string
  /** Whether a client in it may ask the broker over HTTP. */
  readonly httpAllowed: boolean
  /** Why it can't be tested on this machine, if it can't. */
  missing(): string | null
  /** `folder` is empty and the run's own. */
  run(place: Place, stage: Stage, folder: string): Promise<Run>
}

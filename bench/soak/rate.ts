import { setTimeout as sleep } from "node:timers/promises"
import type { Load } from "../../test/support/crash/load.ts"

/** At first code is compiled and caches are empty. */
const WARM_UP_MS = 5_000
const CAPACITY_MS = 10_000
/** Of what the machine can do. */
const NEAR_CAPACITY = 0.75
const ADJUSTMENTS = 6
const SETTLING_MS = 1_000
const MEASURED_MS = 3_000
const EXACT = 0.05
/** No adjustment is by more: what was measured may be a moment of something else. */
const LARGEST_STEP = 1.5

/** Operations a second. */
export interface Rate {
  /** Null where the rate was given. */
  readonly capacityPerSecond: number | null
  readonly ratePerSecond: number
}

/** Has a load do so many operations a second; for null three quarters of what it can do when as many begin as can. */
export async function setLoad(load: Load, ratePerSecond: number | null): Promise<Rate> {
  const capacityPerSecond = ratePerSecond === null ? await capacityOf(load) : null
  const rate = ratePerSecond ?? Math.round(capacityPerSecond! * NEAR_CAPACITY)
  await adjust(load, rate)
  return { capacityPerSecond, ratePerSecond: rate }
}

async function capacityOf(load: Load): Promise<number> {
  load.setRate(null)
  await sleep(WARM_UP_MS)
  return Math.round(await measured(load, CAPACITY_MS))
}

/** A load's pace is that of what begins; one receive may bring many messages, or none. */
async function adjust(load: Load, ratePerSecond: number): Promise<void> {
  let pace = ratePerSecond
  for (let adjustment = 0; adjustment < ADJUSTMENTS; adjustment++) {
    load.setRate(pace)
    await sleep(SETTLING_MS)
    const missing = ratePerSecond / (await measured(load, MEASURED_MS))
    if (Math.abs(missing - 1) < EXACT) return
    pace *= Math.min(Math.max(missing, 1 / LARGEST_STEP), LARGEST_STEP)
  }
  load.setRate(pace)
}

async function measured(load: Load, forMs: number): Promise<number> {
  const before = load.operations().total
  const beganAt = performance.now()
  await sleep(forMs)
  return ((load.operations().total - before) * 1_000) / (performance.now() - beganAt)
}

import { setTimeout as sleep } from "node:timers/promises"
import type { TestBroker } from "../support/broker.ts"
import type { History } from "../support/checkers/history.ts"
import type { Violation } from "../support/checkers/promises.ts"
import { checkLoad } from "../support/crash/check-load.ts"
import { type Load, type Operations, startLoad } from "../support/crash/load.ts"
import { within } from "../support/crash/within.ts"
import type { Kill } from "./plan.ts"

/** What a crash test is to do. */
export interface CrashOptions {
  readonly seed: number
  readonly kills: readonly Kill[]
  /** Of all kinds together; null for as many as there can be. */
  readonly perSecond: number | null
  readonly onKill?: (kill: Kill, nth: number) => void
  /** What else befalls the broker while it is down, after so many kills. */
  readonly whileDown?: (kills: number) => Promise<void>
}

/** What came of it. */
export interface CrashReport {
  readonly operations: Operations
  /** From the start of each process that became ready to the first write that it confirmed, in milliseconds. */
  readonly recoveriesMs: readonly number[]
  readonly violations: readonly Violation[]
  readonly history: History
}

/** How much the load goes on behind the last kill, and how much there is of it in all for each kill. */
const LAST_OPERATIONS = 3_000
const OPERATIONS_PER_KILL = 2_700
const LOOK_MS = 5
/** How long the load is not held back before a kill. */
const RUSH_MS = 100
const PROBE = "probe"

/** Runs a mixed load, kills the broker again and again, takes out all that is left, and checks all that happened. */
export async function runCrashTest(broker: TestBroker, options: CrashOptions): Promise<CrashReport> {
  const { seed, kills, perSecond, onKill, whileDown } = options
  await write(broker, "PUT", `/v1/queues/${PROBE}`, {})
  const load = await startLoad(broker, { seed, perSecond })
  const recoveriesMs: number[] = []
  for (const [nth, kill] of kills.entries()) {
    onKill?.(kill, nth)
    await approach(load, kill)
    await killDuring(broker, load, kill)
    load.setRate(perSecond)
    await whileDown?.(nth + 1)
    if (kills[nth + 1]?.kind !== "starting") recoveriesMs.push(await recover(broker, load))
  }
  const missing = kills.length * OPERATIONS_PER_KILL - load.operations().total
  await within("the load behind the last kill", work(load, Math.max(LAST_OPERATIONS, missing)))
  await load.stop()
  await load.drain()
  return { operations: load.operations(), recoveriesMs, violations: checkLoad(load), history: load.history }
}

/** Waits until it is time; the process that a kill finds starting is started in the next step. */
async function approach(load: Load, kill: Kill): Promise<void> {
  if (kill.kind === "recovering") await sleep(kill.afterMs)
  if (kill.kind === "at work" || kill.kind === "changing the catalog") {
    await within("the load before a kill", work(load, kill.operations))
  }
  // so that the kill finds as much under way as can be: what is stored and not answered is what counts
  load.setRate(null)
  await sleep(RUSH_MS)
  if (kill.kind !== "changing the catalog") return
  void load.changeCatalog()
  await sleep(kill.afterMs)
}

/** Lets the load go on for so many operations. */
async function work(load: Load, operations: number): Promise<void> {
  const until = load.operations().total + operations
  while (load.operations().total < until && load.isRunning()) await sleep(LOOK_MS)
}

async function killDuring(broker: TestBroker, load: Load, kill: Kill): Promise<void> {
  if (kill.kind !== "starting") {
    load.goesDown()
    return broker.kill9()
  }
  const starting = broker.restart().catch(() => {})
  await sleep(kill.afterMs)
  load.goesDown()
  await broker.kill9()
  await starting
}

/** Starts it again; answers how long it took until something was stored. */
async function recover(broker: TestBroker, load: Load): Promise<number> {
  const startedAt = performance.now()
  await broker.restart()
  await write(broker, "POST", `/v1/queues/${PROBE}/messages`, { body: PROBE })
  load.isBack()
  return performance.now() - startedAt
}

async function write({ url, token }: TestBroker, method: string, path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
}

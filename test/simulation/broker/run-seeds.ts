import { expect } from "vitest"
import type { History, Operation } from "../../support/checkers/history.ts"
import type { Violation } from "../../support/checkers/promises.ts"
import { environment, numberFromEnvironment } from "../seeds.ts"
import type { Plant } from "./plants.ts"
import { PROFILES, type ProfileName } from "./profiles.ts"
import { runWorld, type MakeScenario, type Outcome } from "./world.ts"

/** A scenario, and the test file that runs it: a failing seed is replayed by it. */
export interface Simulation {
  readonly file: string
  readonly scenario: MakeScenario
}

/** Within so many seeds a planted fault is to be seen. */
const SEEDS_PER_PLANT = 40
const SEEDS_RUN_TWICE = 3
/** Lines of a failing seed's trace, before it is run on its own. */
const SHOWN = 10

/** How much was done by all seeds of a profile. */
interface Totals {
  readonly seeds: number
  readonly requests: number
  readonly operations: number
  readonly faults: Readonly<Record<string, number>>
  /** By client, how much of what it asked for was done. */
  readonly done: ReadonlyMap<string, number>
}

/** How many seeds of each profile a usual run has. */
const USUAL_SEEDS: Readonly<Record<ProfileName, number>> = {
  calm: 40,
  network: 150,
  crashes: 200,
  clock: 100,
  sockets: 150,
  everything: 250,
}

/** Expects that no seed of a profile breaks a promise, and that everything went wrong that should have. */
export async function expectKept(simulation: Simulation, profile: ProfileName): Promise<void> {
  if (!isAskedFor(profile)) return
  const only = numberFromEnvironment("SIMULATION_SEED")
  const asked = numberFromEnvironment("SIMULATION_SEEDS")
  const count = only !== null ? 1 : (asked ?? USUAL_SEEDS[profile])
  let totals: Totals = { seeds: 0, requests: 0, operations: 0, faults: {}, done: new Map() }
  for (let seed = only ?? 1; totals.seeds < count; seed++) {
    const outcome = await runWorld(simulation.scenario, seed, profile, { trace: only !== null })
    if (only !== null)
      console.log([...outcome.trace, ...outcome.history.operations.map((one) => JSON.stringify(one))].join("\n"))
    expect(outcome.violations.slice(0, SHOWN), replay(simulation, profile, seed, outcome)).toEqual([])
    totals = addUp(totals, outcome)
  }
  console.log(describeTotals(simulation, profile, totals))
  if (only !== null || asked !== null) return
  const idle = [...totals.done].filter(([, count]) => count === 0).map(([client]) => client)
  expect(idle, `${profile}: clients that did nothing`).toEqual([])
  const missed = PROFILES[profile].faults.filter((fault) => (totals.faults[fault] ?? 0) === 0)
  expect(missed, `${profile}: what never went wrong`).toEqual([])
}

/** Throws for a profile that there is not: else no seed would run, and none fail. */
function isAskedFor(profile: ProfileName): boolean {
  const { SIMULATION_PROFILE: wanted } = environment
  if (wanted === undefined) return true
  if (!(wanted in PROFILES)) throw new Error(`SIMULATION_PROFILE is to be one of ${Object.keys(PROFILES).join(", ")}`)
  return wanted === profile
}

/** Expects that the same seed is the same run. */
export async function expectRepeatable({ scenario }: Simulation): Promise<void> {
  for (let seed = 1; seed <= SEEDS_RUN_TWICE; seed++) {
    const [one, other] = [await trace(scenario, seed), await trace(scenario, seed)]
    expect(other, `seed ${seed}`).toEqual(one)
  }
}

async function trace(scenario: MakeScenario, seed: number): Promise<readonly string[]> {
  return (await runWorld(scenario, seed, "everything", { trace: true })).trace
}

/** Expects that a plant is noticed within few seeds, and for what it breaks. */
export async function expectNoticed(plant: Plant): Promise<void> {
  const others: Violation[] = []
  for (let seed = 1; seed <= SEEDS_PER_PLANT; seed++) {
    const { violations } = await runWorld(plant.scenario, seed, plant.profile, { plant: plant.plant })
    if (violations.some(({ rule }) => plant.breaks.includes(rule))) {
      console.log(`${plant.what}: seen by seed ${seed}`)
      return
    }
    others.push(...violations)
  }
  expect(others.slice(0, SHOWN), "seen besides").toEqual(plant.breaks)
}

function replay({ file }: Simulation, profile: ProfileName, seed: number, { violations }: Outcome): string {
  const variables = `SIMULATION_SEED=${seed} SIMULATION_PROFILE=${profile}`
  return [
    `seed ${seed} of ${profile}: replay it with ${variables} npm test -- --project simulation ${file}`,
    ...violations.slice(0, SHOWN).map(({ rule, detail, at }) => `${at.toFixed(3)} ${rule}: ${detail}`),
  ].join("\n")
}

function addUp(totals: Totals, { requests, history, faults }: Outcome): Totals {
  const kinds = new Set([...Object.keys(totals.faults), ...Object.keys(faults)])
  return {
    seeds: totals.seeds + 1,
    requests: totals.requests + requests,
    operations: totals.operations + history.operations.length,
    faults: Object.fromEntries([...kinds].map((kind) => [kind, (totals.faults[kind] ?? 0) + (faults[kind] ?? 0)])),
    done: addUpDone(totals.done, history),
  }
}

function addUpDone(before: Totals["done"], { operations }: History): Totals["done"] {
  const done = new Map(before)
  for (const operation of operations) {
    if (!("client" in operation) || operation.kind === "empty-receive") continue
    const key = `${operation.client}: ${operation.kind}`
    done.set(key, (done.get(key) ?? 0) + (wasDone(operation) ? 1 : 0))
  }
  return done
}

function wasDone(operation: Operation): boolean {
  if (!("answeredAt" in operation)) return true
  if (operation.answeredAt === null) return false
  if ("result" in operation) return operation.result === "ok"
  if (operation.kind === "append") return operation.offsets !== null && operation.offsets.length > 0
  return operation.kind !== "send" || operation.results?.some((result) => "id" in result) === true
}

function describeTotals({ file }: Simulation, profile: ProfileName, totals: Totals): string {
  const faults = Object.entries(totals.faults).filter(([, count]) => count > 0)
  const shown = faults.length === 0 ? "nothing" : faults.map(([kind, count]) => `${kind} ${count}`).join(", ")
  const { seeds, requests, operations } = totals
  return `${file} ${profile}: ${seeds} seeds, ${requests} requests, ${operations} operations; went wrong: ${shown}`
}

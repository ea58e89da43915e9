import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { Entry } from "../../../src/client/entry.ts"
import { Lane } from "../../../src/client/lane.ts"
import { Random } from "../../simulation/random.ts"
import { type Faults, ModelBroker, NO_FAULTS } from "./model-broker.ts"

const SEEDS = 60
/** Of runs in which batches were once counted wrongly: an old id's refusals, taken off a new id's count. */
const TOLD_SEEDS = [129, 339]
const STEPS = 300

/** What became of a value. */
type Outcome = { readonly id: number } | { readonly code: string }

interface Run {
  readonly names: readonly string[]
  readonly outcomes: ReadonlyMap<string, Outcome>
  readonly log: readonly string[]
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A client publishes values of `kinds` while the broker has `faults`, and then until all is answered. */
async function run(seed: number, kinds: readonly string[], faults: Faults, isPartition: boolean): Promise<Run> {
  const random = new Random(seed)
  vi.spyOn(Math, "random").mockImplementation(() => random.next())
  const broker = new ModelBroker(random, isPartition)
  const lane = new Lane({
    connection: broker,
    maxBatchBytes: random.pick([1, 300, 1_000_000]),
    target: () => ({ queue: "jobs" }),
    identify: async () => broker.openProducer,
    fenced: (error) => lane.reject(error),
    sealed: () => {},
    quiet: () => {},
  })
  const names: string[] = []
  const outcomes = new Map<string, Outcome>()
  const send = (): void => {
    const name = `${random.pick(kinds)}-${names.length}`
    names.push(name)
    const entry = entryOf(name)
    lane.add(entry, random.pick([0, 0, 5]))
    entry.stored.then(
      ({ id }) => outcomes.set(name, { id: id as number }),
      (error: { code: string }) => outcomes.set(name, { code: error.code }),
    )
  }
  broker.faults = faults
  for (let step = 0; step < STEPS; step++) {
    if (random.chance(0.4)) send()
    broker.step()
    await vi.advanceTimersByTimeAsync(random.pick([0, 0, 1, 30]))
  }
  broker.faults = NO_FAULTS
  for (let step = 0; !(lane.isIdle && broker.isQuiet); step++) {
    if (step === 100_000) throw new Error("it never ends")
    broker.step()
    await vi.advanceTimersByTimeAsync(random.pick([0, 30]))
  }
  return { names, outcomes, log: broker.log }
}

function entryOf(name: string): Entry {
  const value = new TextEncoder().encode(name)
  return new Entry({ format: "text", value, key: null, headers: [], producedAt: null }, null, undefined)
}

function expectExact({ names, outcomes, log }: Run): void {
  expect(outcomes.size).toBe(names.length)
  const stored = names.filter((name) => "id" in outcomes.get(name)!)
  // in the order in which they were given, each once, and what was rejected not at all
  expect(log).toEqual(stored)
  for (const name of stored) expect(log[(outcomes.get(name) as { id: number }).id]).toBe(name)
}

const PASSING: Faults = { breaks: 0.05, ghosts: 0, overloaded: 0.1, unavailable: 0.1 }
const GOOD = ["good"]
const MIXED = ["good", "good", "good", "good", "good", "full", "invalid"]

describe.each([
  ["a queue", false],
  ["a partition", true],
] as const)("%s", (_name, isPartition) => {
  // a partition takes a batch as a whole: what refuses one entry of it refuses all at the door
  const mixed = isPartition ? MIXED.filter((kind) => kind !== "full") : MIXED

  test("[W58] stores each once and in order, whatever breaks and whatever is refused for a while", async () => {
    for (let seed = 0; seed < SEEDS; seed++) expectExact(await run(seed, GOOD, PASSING, isPartition))
  })

  test("[W52] rejects only what is refused for good, and counts on without it", async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const result = await run(seed, mixed, { ...PASSING, breaks: 0 }, isPartition)
      expectExact(result)
      for (const [name, outcome] of result.outcomes) {
        if (name.startsWith("invalid")) expect(outcome).toEqual({ code: "invalid_field" })
        if (name.startsWith("full")) expect(outcome).toEqual({ code: "queue_full" })
      }
    }
  })

  test("[W58] is not misled by what arrives late from a socket that broke", async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      expectExact(await run(seed, GOOD, { ...PASSING, ghosts: 0.5 }, isPartition))
    }
  })

  test("[W58] loses nothing that it calls stored where refusals and late arrivals come together", async () => {
    for (const seed of [...Array(SEEDS).keys(), ...TOLD_SEEDS]) {
      const { names, outcomes, log } = await run(seed, mixed, { ...PASSING, ghosts: 0.5 }, isPartition)
      expect(outcomes.size).toBe(names.length)
      for (const name of names) {
        const outcome = outcomes.get(name)!
        if ("id" in outcome) expect(log, `seed ${seed}`).toContain(name)
      }
    }
  })
})

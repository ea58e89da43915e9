import fc from "fast-check"
import { describe, it } from "vitest"
import type { TopicSettings } from "../../../src/core/stream/settings.ts"
import { PartitionRun } from "./partition-model-run.ts"
import type { Command, Drawn, Sequencing, Step } from "./partition-model-steps.ts"

const KEYS = ["", "a", "b", "c", "d"]
const DAY_MS = 24 * 60 * 60 * 1000
const RUNS = 150

type Settings = Partial<TopicSettings>

const BY_AGE: readonly Settings[] = [{ retentionMs: 60_000 }, { retentionMs: 15_000 }, { retentionMs: null }]
const BY_BYTES: readonly Settings[] = [{ retentionBytes: 9_000 }, { retentionBytes: 2_500 }, { retentionBytes: null }]
const LAGS: readonly Settings[] = [{ minCompactionLagMs: 0 }, { minCompactionLagMs: 300 }]
const BOTH: Settings = { cleanup: "both", retentionMs: 60_000, retentionBytes: 9_000 }

/** What a topic begins with, and what its settings may become. */
const PROFILES: Readonly<Record<string, { readonly first: Settings; readonly others: readonly Settings[] }>> = {
  "by age": { first: { cleanup: "delete", retentionMs: 60_000 }, others: BY_AGE },
  "by bytes": { first: { cleanup: "delete", retentionBytes: 9_000 }, others: BY_BYTES },
  // what is kept by age and size means nothing here
  compacting: { first: { cleanup: "compact", retentionMs: 15_000, retentionBytes: 2_500 }, others: LAGS },
  "all of it": { first: BOTH, others: [...BY_AGE, ...BY_BYTES, ...LAGS] },
  "now this, now that": { first: BOTH, others: [{ cleanup: "compact" }, { cleanup: "delete" }, { cleanup: "both" }] },
}

const anyRecord: fc.Arbitrary<Drawn> = fc
  .tuple(
    fc.option(fc.constantFrom(...KEYS), { freq: 8 }),
    fc.option(fc.nat(99), { freq: 4 }),
    fc.constantFrom(0, 0, 200, 3_000),
  )
  .map(([key, number, padding]) => {
    // only a record with a key can be a tombstone
    return { key, text: number === null ? (key === null ? "" : null) : String(number), padding }
  })

const anySequencing: fc.Arbitrary<Sequencing> = fc.constantFrom(
  "next",
  "next",
  "next",
  "repeat",
  "repeat",
  "gap",
  "newEpoch",
  "oldEpoch",
)

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      type: fc.constant("append" as const),
      records: fc.array(anyRecord, { minLength: 1, maxLength: 5 }),
      producer: fc.option(fc.record({ id: fc.constantFrom(1, 2), sequencing: anySequencing, back: fc.nat(8) }), {
        freq: 1,
      }),
      expected: fc.option(fc.constantFrom("right" as const, "wrong" as const), { freq: 1 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("trim" as const), share: fc.constantFrom(0.05, 0.3, 0.7, 1) }),
  },
)

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant("commit" as const),
      afterMs: fc.constantFrom(0, 1, 20, 400, 5_000, 20_000),
      commands: fc.array(anyCommand, { maxLength: 3 }),
      failAfter: fc.option(fc.nat(20), { freq: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.constantFrom(50, 2_000, 30_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.constant(8 * DAY_MS) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("clockBack" as const), ms: fc.constantFrom(1, 700, 9_000) }) },
  { weight: 2, arbitrary: fc.constant<Step>({ type: "restart" }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("settings" as const), index: fc.nat(8) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("read" as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      maxRecords: fc.integer({ min: 1, max: 12 }),
      maxBytes: fc.constantFrom(1, 500, 5_000, 1_000_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("lookUp" as const), agoMs: fc.constantFrom(-1, 0, 50, 30_000) }),
  },
)

describe("a partition, whatever happens to it, is an array that keeps what its settings say", () => {
  it.each(Object.entries(PROFILES))("[S2] [S3] [S6] [S13] [S14] [S16] [S36] %s", (_, { first, others }) => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 5, maxLength: 50 }), (steps) => {
        const run = new PartitionRun({ deleteRetentionMs: 5_000, retentionMs: null, ...first })
        for (const step of steps) run.take(step, others)
        run.finish()
        run.scene.database.close()
      }),
      { numRuns: RUNS },
    )
  })
})

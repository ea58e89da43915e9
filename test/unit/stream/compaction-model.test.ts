import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { CompactionScene, type Keyed, mapOf, type Placed, Planted } from "./compaction-scene.ts"

const DELETE_RETENTION_MS = 5_000
const LAG_MS = 300
const KEYS = ["", "a", "b", "c", "d"]

type Step =
  | { readonly type: "append"; readonly records: readonly Keyed[]; readonly failAfter: number | null }
  | { readonly type: "commit"; readonly afterMs: number; readonly failAfter: number | null }
  | { readonly type: "settle" }
  | { readonly type: "restart" }
  | { readonly type: "trim"; readonly share: number }
  | { readonly type: "switch" }
  | { readonly type: "read"; readonly maxRecords: number }

const anyKeyed: fc.Arbitrary<Keyed> = fc
  .tuple(
    fc.option(fc.constantFrom(...KEYS), { freq: 12 }),
    fc.option(fc.tuple(fc.nat(99), fc.constantFrom(0, 0, 200, 3_000)), { freq: 3 }),
  )
  .map(([key, value]) => ({ key, value: value && `${value[0]}${"x".repeat(value[1])}` }))

const anyFailure = fc.option(fc.nat(30), { freq: 4 })

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("append" as const),
      records: fc.array(anyKeyed, { minLength: 1, maxLength: 6 }),
      failAfter: anyFailure,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("commit" as const),
      afterMs: fc.constantFrom(0, 20, 20, 100, 400, 6_000),
      failAfter: anyFailure,
    }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ type: "settle" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ type: "restart" }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("trim" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ type: "switch" }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("read" as const), maxRecords: fc.integer({ min: 1, max: 6 }) }),
  },
)

/** A reader that goes through the log slice by slice while it changes, and begins anew once it took too long. */
class SlowReader {
  #offset: number | null = null
  #since = 0
  #seen: Placed[] = []

  /** Takes some records; at the end of the log it must know what a reader of everything knows. */
  step(scene: CompactionScene, maxRecords: number): void {
    const { startOffset, endOffset } = scene.partition
    const isLate = scene.now - this.#since >= DELETE_RETENTION_MS
    if (this.#offset === null || isLate || this.#offset < startOffset) this.#begin(scene)
    const { placed, nextOffset } = scene.read(this.#offset!, maxRecords)
    this.#seen.push(...placed)
    this.#offset = nextOffset
    if (nextOffset === endOffset) expect(mapOf(this.#seen)).toEqual(mapOf(scene.appended.slice(this.#from)))
  }

  /** Where it began: records before it are nothing to it. */
  #from = 0

  #begin(scene: CompactionScene): void {
    this.#from = scene.partition.startOffset
    this.#offset = this.#from
    this.#since = scene.now
    this.#seen = []
  }
}

function run(scene: CompactionScene, reader: SlowReader, step: Step): void {
  switch (step.type) {
    case "append":
      scene.failAfter = step.failAfter
      scene.append(...step.records)
      break
    case "commit":
      scene.now += step.afterMs
      scene.failAfter = step.failAfter
      scene.commit()
      break
    case "settle":
      scene.settle()
      break
    case "restart":
      scene.restart()
      break
    case "trim":
      scene.trim(Math.floor(scene.partition.endOffset * step.share * step.share))
      break
    case "switch":
      scene.change({ cleanup: scene.settings.cleanup === "delete" ? "compact" : "delete" })
      break
    case "read":
      reader.step(scene, step.maxRecords)
      break
  }
}

/** What must hold between any two commits. */
function check(scene: CompactionScene): void {
  const { startOffset, endOffset, statistics } = scene.partition
  const kept = scene.appended.slice(startOffset)
  const read = scene.readAll()
  expect(endOffset).toBe(scene.appended.length)
  for (const record of read) expect(record).toEqual(scene.appended[record.offset])
  expect(read.map(({ offset }) => offset)).toEqual([...new Set(read.map(({ offset }) => offset))].sort((a, b) => a - b))
  expect(mapOf(read)).toEqual(mapOf(kept))
  expect(read.filter(({ key }) => key === null)).toEqual(kept.filter(({ key }) => key === null))
  const rows = scene.rows()
  for (const [index, row] of rows.entries()) {
    expect(row.baseOffset).toBeGreaterThan(rows[index - 1]?.lastOffset ?? -1)
    expect(row.header()).toMatchObject({ baseOffset: row.baseOffset, lastOffset: row.lastOffset })
  }
  expect(statistics.bytes).toBe(bytesOf(rows))
  const clean = scene.clean()
  expect(clean.bytes).toBe(bytesOf(rows.filter(({ baseOffset }) => baseOffset < clean.offset)))
}

function bytesOf(rows: readonly { readonly bytes: number }[]): number {
  return rows.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** The index names every key that has a record, and no other but of what still lies behind the log start. */
function checkIndex(scene: CompactionScene): void {
  const { startOffset } = scene.partition
  const rows = scene.rows()
  const stored = scene.read(rows[0]?.baseOffset ?? 0, 10_000, 4 * 1024 * 1024).placed
  expect(stored.at(-1)?.offset ?? startOffset - 1).toBe(scene.partition.endOffset - 1)
  const keysFrom = (offset: number) => stored.flatMap((record) => (record.offset < offset ? [] : (record.key ?? [])))
  const indexed = scene.keys()
  expect(indexed).toEqual(expect.arrayContaining(keysFrom(startOffset)))
  expect(keysFrom(0)).toEqual(expect.arrayContaining(indexed))
}

function checkLatest(scene: CompactionScene): void {
  for (const key of KEYS) {
    const newest = scene.appended.findLast((record) => record.key === key)
    const isThere = newest && newest.value !== null && newest.offset >= scene.partition.startOffset
    // a tombstone goes after a while
    const none: unknown = newest?.value === null ? expect.stringMatching(/^(tombstone|not_found)$/) : "not_found"
    expect(scene.latest(key)).toEqual(isThere ? `${newest.offset}=${newest.value}` : none)
  }
}

describe("compaction, whatever happens", () => {
  it("[S30] [S33] [S36] keeps the last record of each key, through aborts and restarts in the middle", () => {
    const limits = fc.constantFrom({ rows: 1, bytes: 1, records: 1 }, { rows: 3, bytes: 9_000, records: 8 })
    const lag = fc.constantFrom(0, LAG_MS)
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 5, maxLength: 60 }), limits, lag, (steps, sliceLimits, lagMs) => {
        const settings = { minCompactionLagMs: lagMs, deleteRetentionMs: DELETE_RETENTION_MS }
        const scene = new CompactionScene(settings, sliceLimits)
        const reader = new SlowReader()
        for (const step of steps) {
          try {
            run(scene, reader, step)
          } catch (error) {
            if (!(error instanceof Planted)) throw error
          }
          scene.failAfter = null
          check(scene)
        }
        scene.change({ cleanup: "compact" })
        scene.settle()
        check(scene)
        checkIndex(scene)
        checkLatest(scene)
        scene.database.close()
      }),
      { numRuns: 300 },
    )
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { CorruptError } from "../../../src/core/bytes/corrupt.ts"
import {
  AVAILABLE,
  type Cells,
  clearToDone,
  DELAYED,
  DONE,
  emptyCells,
  IN_FLIGHT,
  keepHistory,
} from "../../../src/core/delivery/cells.ts"
import { decodePage, encodePage } from "../../../src/core/delivery/page-codec.ts"
import { acknowledge, release } from "../../../src/core/delivery/settle.ts"
import { DeliveryState } from "../../../src/core/delivery/state.ts"
import type { DeliveryMode, StoredPage, StoredRing } from "../../../src/core/delivery/types.ts"
import { PAGE_OFFSETS } from "../../../src/core/limits.ts"
import { FAULT, newState, NOW, range, take } from "./scenario.ts"
import { logOf } from "./storage.ts"

const MODES: readonly DeliveryMode[] = ["standard", "ordered", "fair"]

const u32 = fc.integer({ min: 1, max: 0xffff_ffff })
const instant = fc.integer({ min: 0, max: 4_000_000_000_000 })
const hash = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

const runs = fc.array(
  fc.record({
    length: fc.integer({ min: 1, max: 200 }),
    kind: fc.constantFrom(AVAILABLE, DELAYED, IN_FLIGHT, DONE),
    isAttempted: fc.boolean(),
    attempt: u32,
    count: fc.integer({ min: 0, max: 0xffff_ffff }),
    consumer: fc.oneof(fc.constant(0), u32),
    at: instant,
    firstAt: instant,
    hash,
  }),
  { maxLength: 30 },
)

/** Any page that the delivery state could hold. */
const anyPage = fc.record({ runs, keyed: fc.boolean() }).map(({ runs, keyed }) => {
  const cells = emptyCells(keyed)
  let used = 0
  for (const run of runs) {
    for (const end = Math.min(PAGE_OFFSETS, used + run.length); used < end; used++) fill(cells, used, run)
  }
  return { cells, used }
})

type Run = typeof runs extends fc.Arbitrary<(infer T)[]> ? T : never

function fill(cells: Cells, index: number, run: Run): void {
  const { kind } = run
  if (kind === DONE) return clearToDone(cells, index)
  keepHistory(cells)
  cells.kind[index] = kind
  if (kind !== AVAILABLE) cells.at[index] = run.at
  if (kind === IN_FLIGHT) cells.consumer[index] = run.consumer
  if (cells.group) cells.group[index] = run.hash
  if (kind !== IN_FLIGHT && !run.isAttempted) return
  cells.attempt[index] = run.attempt
  cells.count[index] = run.count
  cells.firstAt[index] = run.firstAt
}

/** Damaged in every way: cut, lengthened, one byte changed, or something else altogether. */
function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.nat(bytes.length).map((length) => bytes.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 4 }).map((tail) => Uint8Array.from([...bytes, ...tail])),
    fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.nat(255)).map(([at, byte]) => bytes.with(at, byte)),
    fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.from([1, ...rest])),
    fc.uint8Array({ maxLength: 60 }),
  )
}

/** Runs `decode`, which may refuse its input but never break on it. */
function refusesAtMost(decode: () => unknown): void {
  try {
    decode()
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
  }
}

describe("pages", () => {
  it("[D32] decoding gives the cells that were encoded, and encoding those the same bytes", () => {
    fc.assert(
      fc.property(anyPage, ({ cells, used }) => {
        const bytes = encodePage(cells, used)
        const decoded = decodePage(bytes)
        expect(decoded).toEqual({ cells, used })
        expect(encodePage(decoded.cells, used)).toEqual(bytes)
      }),
    )
  })

  it("[D32] a page of which all is done takes a few bytes, whatever its messages went through", () => {
    const state = newState()
    const log = logOf(PAGE_OFFSETS)
    for (const { offset, attempt } of take(state, log, 100)) release(state, offset, attempt, FAULT, NOW)
    for (const { offset, attempt } of take(state, log, PAGE_OFFSETS)) acknowledge(state, offset, attempt, NOW)
    expect(state.takeChanges(1)?.pages[0]?.runs.length).toBeLessThan(10)
  })

  it("[D33] damaged bytes are decoded or refused", () => {
    const input = anyPage.chain(({ cells, used }) => damaged(encodePage(cells, used)))
    fc.assert(
      fc.property(input, (bytes) => refusesAtMost(() => decodePage(bytes))),
      { numRuns: 3000 },
    )
  })

  it("[D33] every truncation is refused", () => {
    fc.assert(
      fc.property(anyPage, fc.nat(), ({ cells, used }, cut) => {
        const bytes = encodePage(cells, used)
        expect(() => decodePage(bytes.slice(0, cut % bytes.length))).toThrow(CorruptError)
        expect(() => decodePage(Uint8Array.from([...bytes, 0]))).toThrow(CorruptError)
      }),
    )
  })

  it("[D33] a page of another mode, and one below the highest that is not full, are refused", () => {
    const page = (pageNo: number, used: number, keyed: boolean): StoredPage => {
      return { pageNo, seq: 1, foldedSeq: -1, runs: encodePage(emptyCells(keyed), used) }
    }
    const load = (pages: StoredPage[], mode: DeliveryMode): DeliveryState => {
      return DeliveryState.load(pages, [], { mode, initialEnd: 0 })
    }
    expect(() => load([page(0, 10, false)], "ordered")).toThrow(CorruptError)
    expect(() => load([page(0, 10, true)], "standard")).toThrow(CorruptError)
    expect(() => load([page(0, 10, false), page(1, 10, false)], "standard")).toThrow(CorruptError)
    expect(load([page(0, PAGE_OFFSETS, false), page(1, 10, false)], "standard").counts.available).toBe(
      PAGE_OFFSETS + 10,
    )
  })
})

/** A state of four pages and what its one commit, a ring row, stored. */
function ringRow(mode: DeliveryMode): { state: DeliveryState; ring: StoredRing } {
  const state = newState(mode)
  const log = logOf(4 * PAGE_OFFSETS, (offset) => 1 + (offset % 5))
  for (const { offset, attempt } of take(state, log, 3500, { consumer: 7 }).reverse()) {
    if (offset % 3 === 0) acknowledge(state, offset, attempt, NOW)
    if (offset % 7 === 1) release(state, offset, attempt, { ...FAULT, delayMs: offset }, NOW)
  }
  const changes = state.takeChanges(1)!
  return { state, ring: changes.ring! }
}

function visibleOf({ window }: DeliveryState): unknown[] {
  return range(0, window.end).map((offset) => {
    const place = window.find(offset)
    if (typeof place === "string") return place
    const { cells } = place.page
    return Object.values(cells).map((column: ArrayLike<number> | null) => column?.[place.index])
  })
}

describe("ring rows", () => {
  it.each(MODES)("[D32] replaying gives the cells that were encoded, %s", (mode) => {
    const { state, ring } = ringRow(mode)
    const loaded = DeliveryState.load([], [ring], { mode, initialEnd: 0 })
    expect(visibleOf(loaded)).toEqual(visibleOf(state))
    expect(loaded.counts).toEqual(state.counts)
  })

  it("[D32] a row that a page already holds changes nothing of it, and is still read over", () => {
    const { state, ring } = ringRow("standard")
    const newer: StoredPage = { pageNo: 1, seq: 2, foldedSeq: -1, runs: encodePage(emptyCells(false), PAGE_OFFSETS) }
    const loaded = DeliveryState.load([newer], [ring], { mode: "standard", initialEnd: 0 })
    const expected = visibleOf(state)
    for (const offset of range(PAGE_OFFSETS, 2 * PAGE_OFFSETS)) {
      expected[offset] = [AVAILABLE, 0, 0, 0, 0, 0, undefined]
    }
    expect(visibleOf(loaded)).toEqual(expected)
  })

  it("[D33] every truncation of a row is refused, and every lengthening", () => {
    const { ring } = ringRow("ordered")
    const { transitions } = ring
    const load = (bytes: Uint8Array): DeliveryState => {
      return DeliveryState.load([], [{ ...ring, transitions: bytes }], { mode: "ordered", initialEnd: 0 })
    }
    for (let length = 0; length < transitions.length; length += 97) {
      expect(() => load(transitions.slice(0, length))).toThrow(CorruptError)
    }
    expect(() => load(Uint8Array.from([...transitions, 0]))).toThrow(CorruptError)
  })

  it("[D33] damaged rows are replayed or refused", () => {
    const rows = MODES.map((mode) => ({ mode, transitions: ringRow(mode).ring.transitions }))
    fc.assert(
      fc.property(
        fc.constantFrom(...rows).chain((row) => fc.tuple(fc.constant(row.mode), damaged(row.transitions))),
        ([mode, transitions]) =>
          refusesAtMost(() => {
            const ring = { slot: 0, seq: 1, foldedSeq: -1, transitions }
            return DeliveryState.load([], [ring], { mode, initialEnd: 0 })
          }),
      ),
      { numRuns: 1000 },
    )
  })
})

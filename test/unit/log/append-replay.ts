import fc from "fast-check"
import { expect } from "vitest"
import { MAX_ROW_BYTES, MAX_ROW_RECORDS, TAIL_ROW_BYTES } from "../../../src/core/limits.ts"
import { planAppend } from "../../../src/core/log/append.ts"
import type { AppendOptions, AppendPlan, AppendRow, Incoming, TailRow } from "../../../src/core/log/append.ts"
import { concatenated, fillerFrame } from "./arbitraries.ts"

export const PAGE = 1024
export const QUEUE = { pageOffsets: PAGE }
export const STREAM = { pageOffsets: null }

export interface Step {
  readonly lengths: readonly number[]
  readonly now: number
  /** How the frames' expiries differ from those of another step. */
  readonly expirySeed?: number
}
const anyStep = (maxFrames: number, length: fc.Arbitrary<number>): fc.Arbitrary<Step> =>
  fc.record({ lengths: fc.array(length, { maxLength: maxFrames }), now: fc.nat(1000), expirySeed: fc.nat(1500) })
export const smallSteps = fc.array(anyStep(30, fc.integer({ min: 1, max: 400 })), { maxLength: 30 })
export const bulkSteps = fc.array(
  fc.oneof(
    anyStep(3, fc.integer({ min: 1, max: 1_300_000 })),
    fc.record({
      lengths: fc
        .tuple(fc.nat(2500), fc.constantFrom(1, 3, 500, 2000))
        .map(([count, length]) => new Array<number>(count).fill(length)),
      now: fc.nat(1000),
    }),
  ),
  { maxLength: 4 },
)
export const anyOptions = fc.constantFrom(QUEUE, STREAM, { pageOffsets: 7 })

interface Commit {
  readonly step: Step
  readonly before: TailRow | null
  readonly incoming: Incoming
  readonly plan: AppendPlan
}

/** Applies a sequence of appends as an object would; `stored` is the table of rows, in offset order. */
export function replay(steps: readonly Step[], startOffset: number, options: AppendOptions) {
  const stored = new Map<number, AppendRow>()
  const commits: Commit[] = []
  let tail: TailRow | null = null
  let endOffset = startOffset
  let lastAppendedAt = 0
  for (const step of steps) {
    const incoming = incomingOf(step.lengths, endOffset - startOffset, step.expirySeed)
    const plan: AppendPlan = planAppend(tail, incoming, endOffset, step.now, lastAppendedAt, options)
    commits.push({ step, before: tail, incoming, plan })
    for (const row of plan.rows) {
      expect(stored.has(row.baseOffset)).toBe(row.extendsTail)
      stored.set(row.baseOffset, row)
    }
    tail = plan.tail
    endOffset += step.lengths.length
    lastAppendedAt = plan.appendedAt
  }
  return { stored, commits }
}

export function append(
  tail: TailRow | null,
  lengths: readonly number[],
  endOffset: number,
  options = STREAM as typeof QUEUE | typeof STREAM,
) {
  return planAppend(tail, incomingOf(lengths, endOffset), endOffset, 1, 1, options)
}

/** Every second frame expires, at times round those of the appends; none does without a seed. */
function incomingOf(lengths: readonly number[], firstIndex: number, expirySeed = 0): Incoming {
  return {
    frames: concatenatedFillers(lengths, firstIndex),
    lengths,
    keyHashes: lengths.map((_, index) => (firstIndex + index) % 3),
    messageIds: lengths.map((_, index) => 10 * (firstIndex + index)),
    expiresAts: lengths.map((_, index) => (index % 2 === 0 ? 0 : (expirySeed * index) % 1500)),
  }
}

function concatenatedFillers(lengths: readonly number[], seed: number): Uint8Array {
  const total = lengths.reduce((bytes, length) => bytes + length, 0)
  return total > 100_000
    ? new Uint8Array(total).fill(seed + 1)
    : concatenated(lengths.map((length, index) => fillerFrame(length, seed + index)))
}

/** Whether the first frame of `next` could have stood in `row`. */
export function couldTake(row: AppendRow, next: AppendRow, { pageOffsets }: AppendOptions): boolean {
  if (pageOffsets !== null && next.baseOffset % pageOffsets === 0) return false
  return row.entries.length < MAX_ROW_RECORDS && row.frames.length + next.entries[0]!.length <= MAX_ROW_BYTES
}

export function fitsTail(tail: TailRow, lengths: readonly number[], { pageOffsets }: AppendOptions): boolean {
  const end = tail.entries.at(-1)!.offset + 1
  const room = pageOffsets === null ? lengths.length : pageOffsets - (end % pageOffsets)
  const joining = lengths.slice(0, room)
  const bytes = joining.reduce((sum, length) => sum + length, tail.frames.length)
  return bytes < TAIL_ROW_BYTES && tail.entries.length + joining.length <= MAX_ROW_RECORDS
}

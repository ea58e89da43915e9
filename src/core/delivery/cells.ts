import { PAGE_OFFSETS } from "../limits.ts"

/** State of one offset within the window. The numbers are stored: never renumber. */
export const AVAILABLE = 0
export const DELAYED = 1
export const IN_FLIGHT = 2
export const DONE = 3

/** The expanded form of a page: one column per field, one index per offset. */
export interface Cells {
  readonly kind: Uint8Array
  readonly attempt: Uint32Array
  readonly count: Uint32Array
  readonly consumer: Uint32Array
  /** Lease end of an in-flight offset, due time of a delayed one. */
  readonly at: Float64Array
  readonly firstAt: Float64Array
  /** Group of each looked-at offset; null outside ordered mode. */
  readonly group: Float64Array | null
}

/** A page of offsets that were never delivered. */
export function emptyCells(ordered: boolean): Cells {
  return {
    kind: new Uint8Array(PAGE_OFFSETS),
    attempt: new Uint32Array(PAGE_OFFSETS),
    count: new Uint32Array(PAGE_OFFSETS),
    consumer: new Uint32Array(PAGE_OFFSETS),
    at: new Float64Array(PAGE_OFFSETS),
    firstAt: new Float64Array(PAGE_OFFSETS),
    group: ordered ? new Float64Array(PAGE_OFFSETS) : null,
  }
}

/** Whether the cells at `a` and `b` hold the same state, their groups aside. */
export function sameState(cells: Cells, a: number, b: number): boolean {
  return (
    cells.kind[a] === cells.kind[b] &&
    cells.attempt[a] === cells.attempt[b] &&
    cells.count[a] === cells.count[b] &&
    cells.consumer[a] === cells.consumer[b] &&
    cells.at[a] === cells.at[b] &&
    cells.firstAt[a] === cells.firstAt[b]
  )
}

/** Forgets everything about a cell but that it is done, so that done neighbours join into one run. */
export function clearToDone(cells: Cells, index: number): void {
  cells.kind[index] = DONE
  cells.attempt[index] = 0
  cells.count[index] = 0
  cells.consumer[index] = 0
  cells.at[index] = 0
  cells.firstAt[index] = 0
  if (cells.group) cells.group[index] = 0
}

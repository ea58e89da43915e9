import { PAGE_OFFSETS } from "../limits.ts"

/** State of one offset within the window. The numbers are stored: never renumber. */
export const AVAILABLE = 0
export const DELAYED = 1
export const IN_FLIGHT = 2
export const DONE = 3

/** What deliveries leave behind. */
export interface History {
  attempt: Uint32Array
  count: Uint32Array
  consumer: Uint32Array
  /** Lease end of an in-flight offset, due time of a delayed one. */
  at: Float64Array
  firstAt: Float64Array
}

/**
 * The expanded form of a page: one column per field, one index per offset. Pages of which nothing is or was in
 * flight share the columns of their history, which are zero: call `keepHistory` before writing anything else there.
 */
export interface Cells extends History {
  readonly kind: Uint8Array
  /** Key hash of each looked-at offset; null in standard mode. */
  readonly group: Float64Array | null
}

const NO_HISTORY: History = newHistory()

/** A page of offsets that were never delivered. */
export function emptyCells(keyed: boolean): Cells {
  const kind = new Uint8Array(PAGE_OFFSETS)
  return { kind, ...NO_HISTORY, group: keyed ? new Float64Array(PAGE_OFFSETS) : null }
}

/** Whether the cells have columns of their own for what was delivered. */
export function hasHistory(cells: Cells): boolean {
  return cells.attempt !== NO_HISTORY.attempt
}

/** Gives the cells columns of their own: `spare` ones, which are zero, or new ones. */
export function keepHistory(cells: Cells, spare?: History): void {
  if (!hasHistory(cells)) setHistory(cells, spare ?? newHistory())
}

/** Takes the cells' own columns away, where nothing is in them. */
export function takeHistory(cells: Cells): History {
  const { attempt, count, consumer, at, firstAt } = cells
  setHistory(cells, NO_HISTORY)
  return { attempt, count, consumer, at, firstAt }
}

function setHistory(cells: Cells, { attempt, count, consumer, at, firstAt }: History): void {
  cells.attempt = attempt
  cells.count = count
  cells.consumer = consumer
  cells.at = at
  cells.firstAt = firstAt
}

function newHistory(): History {
  return {
    attempt: new Uint32Array(PAGE_OFFSETS),
    count: new Uint32Array(PAGE_OFFSETS),
    consumer: new Uint32Array(PAGE_OFFSETS),
    at: new Float64Array(PAGE_OFFSETS),
    firstAt: new Float64Array(PAGE_OFFSETS),
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

import Table from "cli-table3"
import { onOneLine, onOneLineExactly, styled, type Terminal } from "./terminal.ts"

/** A value for programs, and how people like to see it. */
export interface Measure {
  readonly raw: number
  readonly shown: string
}

/** What a cell may hold; null is shown as `-`. */
export type Cell = string | number | boolean | null | Measure

/** A column: its head on a terminal, and where its numbers stand. */
export interface Column {
  readonly head: string
  readonly align?: "left" | "right"
  /** Whether its values are cut where the terminal ends. */
  readonly isCut?: boolean
}

const GAP = 2
/** What is shown of a value that is cut, however narrow the terminal is. */
const MIN_CUT = 20

/** Without lines between cells, so that what is copied from it is clean. */
const PLAIN = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
}

/** A table for people: with heads, aligned. Ends without a newline. */
export function terminalTable(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): string {
  const table = new Table({
    head: columns.map(({ head }) => styled(terminal, "bold", head)),
    chars: PLAIN,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: columns.map(({ align = "left" }) => align),
  })
  for (const row of fitting(terminal, columns, rows)) table.push(row)
  return trimmedLines(table.toString())
}

/** The rows as text, with values that are too long cut. */
function fitting(
  terminal: Terminal,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): readonly string[][] {
  const texts = rows.map((row) => row.map((cell) => shown(cell)))
  const cut = columns.findIndex(({ isCut }) => isCut)
  if (cut < 0) return texts
  const others = columns.map(({ head }, at) => {
    return at === cut ? 0 : GAP + Math.max(head.length, ...texts.map((row) => row[at]?.length ?? 0))
  })
  const width = Math.max(MIN_CUT, terminal.columns - others.reduce((sum, one) => sum + one, 0))
  return texts.map((row) =>
    row.map((text, at) => (at === cut && text.length > width ? `${text.slice(0, width - 1)}…` : text)),
  )
}

/** Names and values, one pair a line. Ends without a newline. */
export function terminalPairs(terminal: Terminal, pairs: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${styled(terminal, "dim", name.padEnd(width))}  ${shown(value)}`).join("\n")
}

/** A row of a list that is not finished, whose widths nobody knows yet: the last cell stands out. */
export function terminalRow(terminal: Terminal, row: readonly Cell[]): string {
  const cells = row.map((cell) => shown(cell))
  return [...cells.slice(0, -1).map((cell) => styled(terminal, "dim", cell)), ...cells.slice(-1)].join("  ")
}

/** A row for programs: cells with a tab between, and nothing that could be taken for one. */
export function tabbedRow(row: readonly Cell[]): string {
  return row.map((cell) => onOneLineExactly(textOf(cell, "raw"))).join("\t")
}

function shown(cell: Cell): string {
  return onOneLine(textOf(cell, "shown"))
}

function textOf(cell: Cell, form: keyof Measure): string {
  if (cell === null) return "-"
  return String(typeof cell === "object" ? cell[form] : cell)
}

function trimmedLines(text: string): string {
  return text.replaceAll(/[ ]+$/gm, "")
}

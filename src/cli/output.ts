import { once } from "node:events"
import { type Cell, type Column, tabbedRow, terminalPairs, terminalRow, terminalTable } from "./table.ts"
import { styled, type Style, type Terminal } from "./terminal.ts"

/** Two streams and what they can show. */
export interface OutputOptions {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  readonly stdoutTerminal: Terminal
  readonly stderrTerminal: Terminal
  /** NDJSON on stdout, and errors as JSON on stderr. */
  readonly json: boolean
  /** Nothing on stderr but errors. */
  readonly quiet: boolean
}

/** One thing to show: its row for people and its value for programs. */
export interface Row {
  readonly cells: readonly Cell[]
  readonly value: unknown
}

/** A refusal, in the two forms that it is told in. */
export interface ErrorReport {
  readonly code: string
  readonly detail: string
  readonly [member: string]: unknown
}

/** Everything that a command says: results on stdout, the rest on stderr. */
export class Output {
  readonly #options: OutputOptions
  #closed = false

  constructor(options: OutputOptions) {
    this.#options = options
  }

  get json(): boolean {
    return this.#options.json
  }

  get terminal(): Terminal {
    return this.#options.stdoutTerminal
  }

  get stderrTerminal(): Terminal {
    return this.#options.stderrTerminal
  }

  /** Whether somebody watches: a progress bar makes sense. */
  get showsProgress(): boolean {
    return this.#options.stderrTerminal.isTty && !this.#options.quiet && !this.#options.json
  }

  /** Nobody reads stdout any more; what is written from now on goes nowhere. */
  closed(): void {
    this.#closed = true
  }

  /** A finished list: a table on a terminal, else a line for each row. */
  async table(columns: readonly Column[], rows: readonly Row[], none = "nothing"): Promise<void> {
    if (this.json || !this.terminal.isTty) {
      for (const row of rows) await this.row(row)
      return
    }
    if (rows.length === 0) return this.note(none)
    const cells = rows.map((row) => row.cells)
    await this.text(`${terminalTable(this.terminal, columns, cells)}\n`)
  }

  /** One row of a list that is not finished; its last cell is what people read it for. */
  async row({ cells, value }: Row): Promise<void> {
    if (this.json) return this.text(`${JSON.stringify(value)}\n`)
    await this.text(`${this.terminal.isTty ? terminalRow(this.terminal, cells) : tabbedRow(cells)}\n`)
  }

  /** One thing with named members: `pairs` for people, all members of `value` for programs. */
  async pairs(pairs: readonly (readonly [string, Cell])[], value: object): Promise<void> {
    if (this.json) return this.text(`${JSON.stringify(value)}\n`)
    if (this.terminal.isTty) return this.text(`${terminalPairs(this.terminal, pairs)}\n`)
    for (const member of membersOf(value)) await this.text(`${tabbedRow(member)}\n`)
  }

  /** Text as it stands; waits where the reader is slower than the command. */
  async text(chunk: string | Uint8Array): Promise<void> {
    if (this.#closed || this.#options.stdout.write(chunk)) return
    // a reader that goes away ends the wait as well
    await once(this.#options.stdout, "drain").catch(() => null)
  }

  /** For people, besides the results. */
  note(text: string): void {
    if (!this.#options.quiet && !this.json) this.#options.stderr.write(`${text}\n`)
  }

  /** Something that the user should know although the command goes on. */
  warn(text: string): void {
    if (this.#options.quiet) return
    const line = this.json
      ? JSON.stringify({ warning: text })
      : `${styled(this.stderrTerminal, "yellow", "warning:")} ${text}`
    this.#options.stderr.write(`${line}\n`)
  }

  /** One line on stderr: `error: code: detail`, or JSON. */
  error(report: ErrorReport): void {
    const place = typeof report["line"] === "number" ? `line ${report["line"]}: ` : ""
    const line = this.json
      ? JSON.stringify({ error: report })
      : `${styled(this.stderrTerminal, "red", "error:")} ${report.code}: ${place}${report.detail.replaceAll("\n", " ")}`
    this.#options.stderr.write(`${line}\n`)
  }

  /** `text` in `style`, where stdout shows it. */
  styled(style: Style, text: string): string {
    return styled(this.terminal, style, text)
  }
}

/** The members of an object and of those in it, which are named with a dot: `rates.sent`. */
function membersOf(value: object, before = ""): (readonly [string, Cell])[] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]): (readonly [string, Cell])[] => {
    const isInner = typeof member === "object" && member !== null && !Array.isArray(member)
    return isInner ? membersOf(member, `${before}${name}.`) : [[before + name, cellOf(member)]]
  })
}

function cellOf(value: unknown): Cell {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value
  return JSON.stringify(value)
}

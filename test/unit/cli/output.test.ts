import { PassThrough } from "node:stream"
import { text as textOf } from "node:stream/consumers"
import { describe, expect, it } from "vitest"
import { Output } from "../../../src/cli/output.ts"
import { type Terminal, terminalOf } from "../../../src/cli/terminal.ts"

const PIPE: Terminal = { isTty: false, hasColor: false, columns: 100 }
const SCREEN: Terminal = { isTty: true, hasColor: false, columns: 100 }
const COLUMNS = [{ head: "NAME" }, { head: "COUNT", align: "right" }] as const
const ROWS = [
  { cells: ["jobs", 5], value: { name: "jobs", count: 5 } },
  { cells: ["a\tb\\c\n", null], value: { name: "a\tb\\c\n", count: null } },
]

/** What `write` says on both streams. */
async function said(
  write: (output: Output) => Promise<void>,
  options: { terminal?: Terminal; json?: boolean; quiet?: boolean } = {},
): Promise<{ out: string; err: string }> {
  const { terminal = PIPE, json = false, quiet = false } = options
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  await write(new Output({ stdout, stderr, stdoutTerminal: terminal, stderrTerminal: terminal, json, quiet }))
  stdout.end()
  stderr.end()
  return { out: await textOf(stdout), err: await textOf(stderr) }
}

describe("a table", () => {
  const table = (output: Output): Promise<void> => output.table(COLUMNS, ROWS, "no rows")

  it("has a row a line with tabs between for programs, and can be read back", async () => {
    expect((await said(table)).out).toBe("jobs\t5\na\\tb\\\\c\\n\t-\n")
  })

  it("has heads and columns for people", async () => {
    expect((await said(table, { terminal: SCREEN })).out.split("\n")).toEqual([
      "NAME      COUNT",
      "jobs          5",
      "a\\tb\\c\\n      -",
      "",
    ])
  })

  it("cuts what would not fit the terminal", async () => {
    const columns = [{ head: "ID" }, { head: "BODY", isCut: true }]
    const rows = [{ cells: ["1-0-1", "x".repeat(200)], value: null }]
    const wide = (output: Output): Promise<void> => output.table(columns, rows)
    const [, line = ""] = (await said(wide, { terminal: { ...SCREEN, columns: 50 } })).out.split("\n")
    expect(line).toBe(`1-0-1  ${"x".repeat(42)}…`)
    expect((await said(wide)).out).toBe(`1-0-1\t${"x".repeat(200)}\n`)
  })

  it("is NDJSON with --json", async () => {
    const { out } = await said(table, { terminal: SCREEN, json: true })
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(ROWS.map(({ value }) => value))
  })

  it("without rows says so to people only", async () => {
    const none = (output: Output): Promise<void> => output.table(COLUMNS, [], "no rows")
    expect(await said(none, { terminal: SCREEN })).toEqual({ out: "", err: "no rows\n" })
    expect(await said(none)).toEqual({ out: "", err: "" })
    expect(await said(none, { terminal: SCREEN, json: true })).toEqual({ out: "", err: "" })
  })
})

it("what strangers wrote does not steer the terminal", async () => {
  const row = (output: Output): Promise<void> => output.row({ cells: ["\u001B[2Jx\u202Ey\u009B"], value: null })
  expect((await said(row, { terminal: SCREEN })).out).toBe("\\u001b[2Jx\\u202ey\\u009b\n")
})

describe("errors", () => {
  const fail = (output: Output): Promise<void> => {
    output.warn("careful")
    output.note("by the way")
    output.error({ code: "not_found", detail: "There is no\nqueue.", line: 3 })
    return Promise.resolve()
  }

  it("are a line on stderr, with warnings and notes", async () => {
    const { out, err } = await said(fail)
    expect(out).toBe("")
    expect(err).toBe("warning: careful\nby the way\nerror: not_found: line 3: There is no queue.\n")
  })

  it("are JSON with --json, without notes", async () => {
    const { err } = await said(fail, { json: true })
    expect(
      err
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([{ warning: "careful" }, { error: { code: "not_found", detail: "There is no\nqueue.", line: 3 } }])
  })

  it("are all there is with --quiet", async () => {
    expect((await said(fail, { quiet: true })).err).toBe("error: not_found: line 3: There is no queue.\n")
  })
})

it("writing waits for a slow reader, and not for one that is gone", async () => {
  const stdout = new PassThrough({ highWaterMark: 4 })
  const stderr = new PassThrough()
  const output = new Output({ stdout, stderr, stdoutTerminal: PIPE, stderrTerminal: PIPE, json: false, quiet: false })
  let written = false
  const first = output.text("12345").then(() => (written = true))
  await Promise.resolve()
  expect(written).toBe(false)
  stdout.read()
  await first
  const second = output.text("12345")
  stdout.destroy(new Error("EPIPE"))
  await second
  output.closed()
  await output.text("nobody reads this")
})

describe("colors", () => {
  it.each<[boolean | undefined, Record<string, string>, boolean, boolean]>([
    [undefined, {}, true, true],
    [undefined, {}, false, false],
    [undefined, { NO_COLOR: "1" }, true, false],
    [undefined, { NO_COLOR: "" }, true, true],
    [undefined, { TERM: "dumb" }, true, false],
    [undefined, { FORCE_COLOR: "1" }, false, true],
    [undefined, { FORCE_COLOR: "0" }, false, false],
    [true, { NO_COLOR: "1" }, false, true],
    [false, { FORCE_COLOR: "1" }, true, false],
  ])("--color %s with %j on a terminal (%s): %s", (color, environment, isTTY, hasColor) => {
    expect(terminalOf({ isTTY }, environment, color).hasColor).toBe(hasColor)
  })
})

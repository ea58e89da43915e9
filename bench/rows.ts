/**
 * `npm run bench:rows`: what the life of a message costs in rows, counted in real objects. With `--check` it fails
 * where a number of bench/rows.json has grown or a limit is missed; with `--update` it writes that file.
 */
import { readFile, writeFile } from "node:fs/promises"
import type { Cost } from "../src/store/durable-database.ts"
import { withBenchWorker } from "./bench-worker.ts"
import type { Report } from "./objects/report.ts"
import { grown, LIMITS, overLimit, READS, type Rows } from "./rows-limits.ts"

const FILE = new URL("./rows.json", import.meta.url)
const PLACES = 4
const PLAN: readonly Planned[] = [
  ...inBatches("queue", "inPhases", [1, 10, 100]),
  ...inBatches("partition", "appends", [1, 10, 100]),
  ...inBatches("producer", "producerAppends", [100]),
  ...inBatches("queueProducer", "producerSends", [100]),
  ...inBatches("share", "shared", [1, 10, 100]),
  // as few as make a row that grows no further
  ...inBatches("tail", "tailFetches", [16]),
  ...inBatches("offsetCommits", "offsetCommits", [1]),
  ...inBatches("randomAck", "atRandom", [100]),
  ...inBatches("inStep", "inStep", [1, 10, 100]),
]
const TIMED_PLAN: readonly Planned[] = [
  ...inBatches("fifoWithDedup", "fifoWithDedup", [1, 10, 100]),
  ...inBatches("dedup", "dedup", [1, 10, 100]),
  ...inBatches("fair", "fair", [10]),
  ...inBatches("timeToLive", "withTimeToLive", [10, 100]),
  ...inBatches("attemptIds", "withAttemptIds", [10]),
  ...inBatches("scheduled", "scheduled", [1, 100]),
  ...inBatches("expiring", "expiring", [100]),
]

const measured = await withBenchWorker(async ({ url }) => {
  const run = async (scenario: string, batch: number): Promise<Report> => {
    const response = await fetch(`${url}/bench/rows/${scenario}/${batch}`, { method: "POST" })
    if (response.status !== 200) throw new Error(`${scenario} ${batch}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Report
  }
  return measure(run)
})

console.table(measured.table)
const committed = process.argv.includes("--update") ? measured.rows : await readCommitted()
if (process.argv.includes("--update")) await writeFile(FILE, `${JSON.stringify(measured.rows, null, 2)}\n`)
const problems = [...overLimit(measured.rows), ...grown(committed, measured.rows)]
for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log(`nothing has grown; all ${LIMITS.length} limits are kept`)
process.exitCode = problems.length > 0 && process.argv.includes("--check") ? 1 : 0

/** A run of a scenario, and where its numbers go. */
interface Planned {
  readonly section: keyof Rows
  readonly scenario: string
  readonly batch: number
}

function inBatches(section: keyof Rows, scenario: string, batches: readonly number[]): readonly Planned[] {
  return batches.map((batch) => ({ section, scenario, batch }))
}

type Run = (scenario: string, batch: number) => Promise<Report>

async function measure(run: Run): Promise<{ rows: Rows; table: Table }> {
  // objects of their own: these may run side by side, but each of those with a clock has it for itself
  const reports = await Promise.all(PLAN.map(({ scenario, batch }) => run(scenario, batch)))
  for (const { scenario, batch } of TIMED_PLAN) reports.push(await run(scenario, batch))
  const rows = Object.fromEntries([...PLAN, ...TIMED_PLAN].map(({ section }) => [section, {}])) as unknown as Rows
  const table: Table = {}
  for (const [index, { section, batch }] of [...PLAN, ...TIMED_PLAN].entries()) {
    const steps = READS.has(section) ? Object.entries(reports[index]!) : withLife(reports[index]!)
    const counted = READS.has(section) ? "rowsRead" : "rowsWritten"
    rows[section][batch] = Object.fromEntries(steps.map(([step, cost]) => [step, rounded(cost[counted])]))
    for (const [step, cost] of steps) table[`${section} ${batch} ${step}`] = inTable(cost)
  }
  return { rows, table }
}

type Table = Record<string, Record<string, number>>

/** The steps, and where there are several what they come to. */
function withLife(report: Report): [string, Cost][] {
  const steps = Object.entries(report)
  if (steps.length === 1) return steps
  const life: Cost = { statements: 0, rowsWritten: 0, rowsRead: 0, bytesWritten: 0 }
  for (const [, cost] of steps) for (const field of Object.keys(life) as (keyof Cost)[]) life[field] += cost[field]
  return [...steps, ["life", life]]
}

function inTable({ rowsWritten, statements, rowsRead, bytesWritten }: Cost): Record<string, number> {
  const bytes = Math.round(bytesWritten)
  return { rows: rounded(rowsWritten), statements: rounded(statements), "rows read": rounded(rowsRead), bytes }
}

async function readCommitted(): Promise<Partial<Rows>> {
  return JSON.parse(await readFile(FILE, "utf8")) as Partial<Rows>
}

function rounded(value: number): number {
  return Number(value.toFixed(PLACES))
}

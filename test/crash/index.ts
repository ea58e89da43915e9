/**
 * `npm run test:crash [-- --kills 20 --seed N --keep]`: a broker under a mixed load is killed again and again, and
 * afterwards everything that its clients saw is checked. The plan is the same for the same seed; when a kill hits is not.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startTestBroker } from "../support/broker.ts"
import { showErrors } from "../support/crash/show-errors.ts"
import { type CrashReport, runCrashTest } from "./crash.ts"
import { interrupted } from "./interrupted.ts"
import { crashOptions, type Options, USAGE } from "./options.ts"
import { planKills } from "./plan.ts"
import { ownPort } from "./port.ts"

/** What two cores do beside everything else that a build has them do. */
const PER_SECOND = 4_000
const SHOWN_VIOLATIONS = 20

const stop = interrupted()
// it may come while nobody waits for it
stop.catch(() => {})
try {
  process.exitCode = await run(optionsOrUsage(), stop)
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
// what is left of a load that came to no end would ask for its broker for ever
process.exit()

function optionsOrUsage(): Options {
  try {
    return crashOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`)
    process.exit(2)
  }
}

/** Answers the exit code. */
async function run({ kills, seed, keep }: Options, stop: Promise<never>): Promise<number> {
  console.log(`seed ${seed}`)
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-crash-"))
  try {
    return await crash(dataDir, { kills, seed }, stop)
  } finally {
    if (keep) console.log(`data in ${dataDir}`)
    else rmSync(dataDir, { recursive: true })
  }
}

async function crash(dataDir: string, { kills, seed }: Omit<Options, "keep">, stop: Promise<never>): Promise<number> {
  const broker = await startTestBroker({ dataDir, port: await ownPort(), onError: showErrors })
  try {
    const testing = runCrashTest(broker, {
      seed,
      kills: planKills(kills, seed),
      perSecond: PER_SECOND,
      onKill: (kill, nth) => console.log(`kill ${nth + 1} of ${kills}: ${kill.kind}`),
    })
    const report = await Promise.race([testing, stop])
    print(report, kills)
    return report.violations.length === 0 ? 0 : 1
  } finally {
    await broker.dispose()
  }
}

function print({ operations, recoveriesMs, violations, history }: CrashReport, kills: number): void {
  const sorted = recoveriesMs.toSorted((one, other) => one - other).map(Math.round)
  console.log(`${kills} kills, ${operations.total} operations, ${operations.unknown} of them without an answer`)
  const counts = new Map<string, number>()
  for (const { kind } of history.operations) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  console.log([...counts].map(([kind, count]) => `${kind} ${count}`).join(", "))
  console.log(`recovery: ${sorted[Math.floor(sorted.length / 2)]} ms (median), ${sorted.at(-1)} ms (longest)`)
  console.log(`${violations.length} violations`)
  for (const { rule, detail } of violations.slice(0, SHOWN_VIOLATIONS)) console.log(`- ${rule}: ${detail}`)
}

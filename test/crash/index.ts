/**
 * `npm run test:crash [-- --kills 20 --seed N --keep]`: a broker under a mixed load is killed again and again, and
 * afterwards everything that its clients saw is checked. The plan is the same for the same seed; when a kill hits is not.
 */
import { parseArgs } from "node:util"
import { startTestBroker } from "../support/broker.ts"
import { type CrashReport, runCrashTest } from "./crash.ts"
import { planKills } from "./plan.ts"
import { ownPort } from "./port.ts"

const DEFAULT_KILLS = "20"
/** What two cores do beside everything else that a build has them do. */
const PER_SECOND = 4_000
const SEEDS = 2 ** 31
const SHOWN_VIOLATIONS = 20

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: DEFAULT_KILLS },
    seed: { type: "string", default: String(Math.floor(Math.random() * SEEDS)) },
    /** Leaves the data of the broker where they are. */
    keep: { type: "boolean", default: false },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}`)

const broker = await startTestBroker({ port: await ownPort(), onError: showErrors })
try {
  const kills = planKills(Number(values.kills), seed)
  const report = await runCrashTest(broker, {
    seed,
    kills,
    perSecond: PER_SECOND,
    onKill: (kill, nth) => console.log(`kill ${nth + 1} of ${kills.length}: ${kill.kind}`),
  })
  print(report, kills.length)
  process.exitCode = report.violations.length === 0 ? 0 : 1
} finally {
  if (values.keep) {
    await broker.kill9()
    console.log(`data in ${broker.dataDir}`)
  } else await broker.dispose()
}

/** Without what the runtime says about its own bookkeeping of alarms, after every kill. */
function showErrors(text: string): void {
  const lines = text.split("\n").filter((line) => line !== "" && !line.includes("NOSENTRY"))
  if (lines.length > 0) console.error(lines.join("\n"))
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

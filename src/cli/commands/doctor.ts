import type { Command } from "../command.ts"
import type { Context } from "../context.ts"
import { EXIT } from "../exit-codes.ts"
import { formatDuration } from "../units.ts"
import { type Check, CHECKS, type Finding } from "./doctor-checks.ts"

const MARKS = {
  ok: ["green", "ok    "],
  warning: ["yellow", "warn  "],
  failed: ["red", "failed"],
  skipped: ["dim", "skip  "],
} as const

/** `doctor`: everything between this shell and a message's way round, step by step. */
export const doctor: Command = (yargs, choose) =>
  yargs.command(
    "doctor",
    "Find out why it does not work: settings, network, token, socket, a message's round trip",
    (y) =>
      y
        .example("$0 doctor", "Each step with its time, and advice where one fails")
        .example("$0 doctor --profile staging --json", "For a monitor"),
    () =>
      choose(async (context) => {
        const outcomes = new Map<string, Finding["outcome"]>()
        for (const check of CHECKS) {
          const began = performance.now()
          const finding = await findingOf(context, check, outcomes)
          outcomes.set(check.name, finding.outcome)
          await show(context, check.name, finding, performance.now() - began)
        }
        return [...outcomes.values()].includes("failed") ? EXIT.refused : EXIT.ok
      }),
  )

async function findingOf(
  context: Context,
  check: Check,
  outcomes: ReadonlyMap<string, Finding["outcome"]>,
): Promise<Finding> {
  const missing = check.needs.find((name) => outcomes.get(name) !== "ok" && outcomes.get(name) !== "warning")
  if (missing !== undefined) return { outcome: "skipped", detail: `needs ${missing}` }
  context.signal.throwIfAborted()
  try {
    return await check.run(context)
  } catch (error) {
    return { outcome: "failed", detail: error instanceof Error ? error.message : String(error) }
  }
}

async function show({ output }: Context, name: string, finding: Finding, tookMs: number): Promise<void> {
  const { outcome, detail, advice } = finding
  const rounded = Math.round(tookMs * 10) / 10
  if (output.json || !output.terminal.isTty) {
    const value = { check: name, outcome, tookMs: rounded, detail, ...(advice === undefined ? {} : { advice }) }
    return output.row({ cells: [outcome, name, rounded, detail, advice ?? null], value })
  }
  const [style, mark] = MARKS[outcome]
  const time = outcome === "skipped" ? "" : output.styled("dim", ` ${formatDuration(rounded)}`)
  await output.text(`${output.styled(style, mark)} ${name}: ${detail}${time}\n`)
  if (advice !== undefined) await output.text(`       ${advice}\n`)
}

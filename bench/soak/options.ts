import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

/** How to soak. */
export interface SoakOptions {
  /** Of steady load; looking for its rate before and draining behind come on top. */
  readonly minutes: number
  /** On the average of all of them; the kills come in the first ones. */
  readonly killsPerMinute: number
  /** Operations a second; null to look for what the machine can do, and take three quarters of it. */
  readonly ratePerSecond: number | null
  readonly seed: number
  /** The picture; the numbers are written beside it, as JSON. */
  readonly out: string
}

const RESULTS = fileURLToPath(new URL("../results/", import.meta.url))

/** Reads the command line; throws what to say about it. */
export function soakOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "10" },
      "kills-per-minute": { type: "string", default: "1" },
      rate: { type: "string" },
      seed: { type: "string", default: "1" },
      out: { type: "string" },
    },
  })
  const out = values.out ?? `${RESULTS}soak-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.png`
  if (!out.endsWith(".png")) throw new Error("--out must end in .png")
  return {
    minutes: number("minutes", values.minutes, 0.5),
    killsPerMinute: number("kills-per-minute", values["kills-per-minute"], 0),
    ratePerSecond: values.rate === undefined ? null : number("rate", values.rate, 1),
    seed: number("seed", values.seed, 0),
    out,
  }
}

function number(name: string, text: string, least: number): number {
  const value = Number(text)
  if (text === "" || !(value >= least) || value === Infinity)
    throw new Error(`--${name} must be a number from ${least} on`)
  return value
}

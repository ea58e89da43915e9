import { parseArgs } from "node:util"

/** What the command line asks for. */
export interface Options {
  readonly kills: number
  readonly seed: number
  /** Leaves the data of the broker where they are. */
  readonly keep: boolean
}

export const USAGE = "usage: npm run test:crash -- [--kills <n>] [--seed <n>] [--keep]"

const DEFAULT_KILLS = "20"
/** Days of them. */
const MOST_KILLS = 100_000
/** `Random` knows no other seeds. */
const SEEDS = 2 ** 32

/** Reads the command line; throws what is wrong with it. Without `--seed` any seed will do. */
export function crashOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: DEFAULT_KILLS },
      seed: { type: "string", default: String(Math.floor(Math.random() * SEEDS)) },
      keep: { type: "boolean", default: false },
    },
  })
  const { kills, seed, keep } = values
  return { kills: whole("kills", kills, 1, MOST_KILLS), seed: whole("seed", seed, 0, SEEDS - 1), keep }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new Error(`--${name} must be a whole number from ${least} to ${most}, and is "${text}"`)
}

/** Which seeds to run. */
export interface Seeds {
  readonly from: number
  readonly count: number
  /** Prints what happens. */
  readonly trace?: (what: string) => void
}

/** What the environment may ask for. */
interface Environment {
  readonly SIMULATION_SEED?: string
  readonly SIMULATION_SEEDS?: string
  readonly SIMULATION_PROFILE?: string
}

/** The types of the platform say nothing of Node's. */
export const { env: environment } = process as { readonly env: Environment }

/** `SIMULATION_SEED` runs one seed and prints all that happens; `SIMULATION_SEEDS` so many instead of the usual. */
export function seedsFromEnvironment({ from, count }: Seeds): Seeds {
  const seed = numberFromEnvironment("SIMULATION_SEED")
  if (seed !== null) return { from: seed, count: 1, trace: console.log }
  return { from, count: numberFromEnvironment("SIMULATION_SEEDS") ?? count }
}

/** Throws for what is no number: else there would be no seed, and no failure. */
export function numberFromEnvironment(name: "SIMULATION_SEED" | "SIMULATION_SEEDS"): number | null {
  const text = environment[name]
  if (text === undefined) return null
  if (!/^[1-9][0-9]*$/.test(text)) throw new Error(`${name} is to be a whole number from 1 on, not ${text}`)
  return Number(text)
}

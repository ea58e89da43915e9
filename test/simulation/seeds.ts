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
  const { SIMULATION_SEED: seed, SIMULATION_SEEDS: seeds } = environment
  if (seed !== undefined) return { from: Number(seed), count: 1, trace: console.log }
  return { from, count: seeds === undefined ? count : Number(seeds) }
}

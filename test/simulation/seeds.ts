/** Which seeds to run. */
export interface Seeds {
  readonly from: number
  readonly count: number
  /** Prints what happens. */
  readonly trace?: (what: string) => void
}

/** `SIMULATION_SEED` runs one seed and prints all that happens; `SIMULATION_SEEDS` so many instead of the usual. */
export function seedsFromEnvironment({ from, count }: Seeds): Seeds {
  const { SIMULATION_SEED: seed, SIMULATION_SEEDS: seeds } = process.env
  if (seed !== undefined) return { from: Number(seed), count: 1, trace: console.log }
  return { from, count: seeds === undefined ? count : Number(seeds) }
}

/** One measured number and what it should be. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** Null where the number only explains another. */
  readonly target: { readonly atLeast: number } | { readonly atMost: number } | null
  /** The single rounds, where there are several. */
  readonly rounds?: readonly number[]
}

/** Whether a figure reaches its target. */
export function isReached({ value, target }: Figure): boolean {
  if (target === null) return true
  return "atLeast" in target ? value >= target.atLeast : value <= target.atMost
}

/** The value in the middle; half of the noise of a busy machine lies to each side of it. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** One line for people. */
export function lineOf(figure: Figure): string {
  const { name, value, unit, target, rounds } = figure
  const parts = [name.padEnd(58), `${shown(value)} ${unit}`.padEnd(20)]
  if (target) parts.push("atLeast" in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`)
  if (target) parts.push(isReached(figure) ? "ok" : "MISSED")
  if (rounds) parts.push(`(${rounds.map(shown).join(", ")})`)
  return parts.join("  ")
}

function shown(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

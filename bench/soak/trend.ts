/** One look at a process. */
export interface Point {
  readonly atMs: number
  readonly bytes: number
}

/** How memory went. */
export interface Trend {
  readonly fromMs: number
  readonly untilMs: number
  /** The value in the middle. */
  readonly levelBytes: number
  /** Of the line that half of all pairs of points are steeper than (Theil and Sen): some peaks do not turn it. */
  readonly bytesPerMs: number
  /** What lies between the line and the points, without the outermost tenth. */
  readonly spreadBytes: number
}

/** More points are taken together first: every pair of them is looked at. */
const MOST_POINTS = 240
/** Growth below this share of the level can't be told from how allocators and collectors keep pages. */
const NOISE_OF_LEVEL = 0.05

/** The trend of three points or more. */
export function trendOf(points: readonly Point[]): Trend {
  const few = thinned(points)
  const first = few[0]
  const last = few.at(-1)
  if (!first || !last || few.length < 3) throw new Error("there are too few points for a trend")
  const slopes = few.flatMap((one, index) =>
    few.slice(index + 1).map((other) => (other.bytes - one.bytes) / (other.atMs - one.atMs)),
  )
  const bytesPerMs = quantile(slopes, 0.5)
  const offsets = few.map(({ atMs, bytes }) => bytes - bytesPerMs * atMs)
  return {
    fromMs: first.atMs,
    untilMs: last.atMs,
    levelBytes: quantile(
      few.map(({ bytes }) => bytes),
      0.5,
    ),
    bytesPerMs,
    spreadBytes: quantile(offsets, 0.95) - quantile(offsets, 0.05),
  }
}

/** By how much memory grew from the first point to the last, along the line. */
export function growthBytes({ fromMs, untilMs, bytesPerMs }: Trend): number {
  return bytesPerMs * (untilMs - fromMs)
}

/** The growth up to which memory counts as flat. */
export function noiseBytes({ levelBytes, spreadBytes }: Trend): number {
  return Math.max(spreadBytes, levelBytes * NOISE_OF_LEVEL)
}

/** Whether memory grew by no more than its noise. */
export function isFlat(trend: Trend): boolean {
  return growthBytes(trend) <= noiseBytes(trend)
}

/** The values in the middle of as many stretches as may be. */
function thinned(points: readonly Point[]): readonly Point[] {
  const size = Math.ceil(points.length / MOST_POINTS)
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => {
    const stretch = points.slice(index * size, (index + 1) * size)
    return {
      atMs: quantile(
        stretch.map(({ atMs }) => atMs),
        0.5,
      ),
      bytes: quantile(
        stretch.map(({ bytes }) => bytes),
        0.5,
      ),
    }
  })
}

function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.round(share * (sorted.length - 1))]!
}

import { SingleBar } from "cli-progress"
import type { Output } from "./output.ts"
import { formatCount } from "./units.ts"

/** What is shown while something long goes on. */
export interface Progress {
  readonly step: (done: number) => void
  /** Takes the bar away again. */
  readonly end: () => void
}

/** Where nothing is to be shown. */
export const NO_PROGRESS: Progress = { step: () => {}, end: () => {} }

const REFRESHES_PER_SECOND = 10

/** A bar on stderr where somebody watches; without a `total` a count. Nothing where nobody does. */
export function startProgress(output: Output, what: string, total: number | null): Progress {
  if (!output.showsProgress) return NO_PROGRESS
  const bar = new SingleBar({
    stream: process.stderr,
    fps: REFRESHES_PER_SECOND,
    hideCursor: true,
    clearOnComplete: true,
    format:
      total === null
        ? `{shown} ${what}, {duration_formatted}`
        : `{bar} {percentage}% {shown} ${what}, {eta_formatted} left`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
  })
  bar.start(total ?? 0, 0, { shown: "0" })
  return {
    step: (done) => bar.update(done, { shown: formatCount(done) }),
    end: () => bar.stop(),
  }
}

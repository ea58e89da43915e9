import { type Check, isRight } from "./checks.ts"
import { grouped, type Timing } from "./progress.ts"

/** What one half of the demo found. */
export interface Section {
  readonly title: string
  readonly timings: readonly Timing[]
  readonly checks: readonly Check[]
}

/** The summary: how fast each step was, and every check with what was found and what had to be. */
export function summary(sections: readonly Section[]): string {
  return sections
    .map((section) => [section.title, ...timingRows(section), "", ...checkRows(section)].join("\n"))
    .join("\n\n")
}

/** How many checks are wrong. */
export function wrongChecks(sections: readonly Section[]): number {
  return sections.flatMap((section) => section.checks).filter((check) => !isRight(check)).length
}

function timingRows({ timings }: Section): string[] {
  return timings.map(
    ({ name, count, elapsedMs }) =>
      `  ${name.padEnd(NAME_WIDTH)} ${right(grouped(count))} ${right(`${(elapsedMs / 1000).toFixed(2)} s`)} ${right(`${grouped((count * 1000) / elapsedMs)}/s`)}`,
  )
}

function checkRows({ checks }: Section): string[] {
  const head = `  ${"checked".padEnd(NAME_WIDTH)} ${right("found")} ${right("expected")}`
  return [
    head,
    ...checks.map((check) => {
      const figures = `${right(grouped(check.actual))} ${right(grouped(check.expected))}`
      return `  ${check.name.padEnd(NAME_WIDTH)} ${figures}  ${isRight(check) ? "ok" : "FAILED"}`
    }),
  ]
}

const NAME_WIDTH = 52
const FIGURE_WIDTH = 9

function right(text: string): string {
  return text.padStart(FIGURE_WIDTH)
}

import { it } from "vitest"
import { checkAgainstReference } from "./model.ts"

const TIMEOUT_MS = 120_000

it(
  "[P1] [P2] [P6] [P7] [P8] [P9] [P11] [P13] [P23] [P34] every history of two share groups is that of plain arrays",
  () => checkAgainstReference({}, 300),
  TIMEOUT_MS,
)

it(
  "[P18] [P19] [P20] [P33] so it is while retention takes records",
  () => checkAgainstReference({ retentionMs: 60_000 }, 200),
  TIMEOUT_MS,
)

it(
  "[P18] [P19] [P20] [P24] and while compaction does",
  () => checkAgainstReference({ cleanup: "compact" }, 200),
  TIMEOUT_MS,
)

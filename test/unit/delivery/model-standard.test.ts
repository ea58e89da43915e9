import { it } from "vitest"
import { checkAgainstReference } from "./model.ts"

const TIMEOUT_MS = 300_000

it(
  "[D1] [D3] [D4] [D5] [D6] [D7] [D9] [D14] [D15] [D25] [D26] in standard mode every history is that of a plain array",
  () => checkAgainstReference("standard"),
  TIMEOUT_MS,
)

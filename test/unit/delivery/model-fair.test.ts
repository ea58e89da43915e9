import { it } from "vitest"
import { checkAgainstReference } from "./model.ts"

const TIMEOUT_MS = 300_000

it(
  "[D3] [D4] [D5] [D6] [D25] [D26] [D37] in fair mode every history is that of a plain array, whatever the order",
  () => checkAgainstReference("fair"),
  TIMEOUT_MS,
)

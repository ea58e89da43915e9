import { it } from "vitest"
import { checkAgainstReference } from "./model.ts"

const TIMEOUT_MS = 300_000

it(
  "[D19] [D20] [D21] [D22] [D23] [D24] [D25] [D26] in ordered mode every history is that of a plain array",
  () => checkAgainstReference("ordered"),
  TIMEOUT_MS,
)

import fc from "fast-check"
import type { DeliveryMode } from "../../../src/core/delivery/types.ts"
import { delivers, type Model, type Real } from "./commands.ts"
import { Reference } from "./reference.ts"
import { Storage } from "./storage.ts"

const RUNS = 2000
const MAX_COMMANDS = 100

/** Histories of up to MAX_COMMANDS commands on both sides. About 20 s. */
export function checkAgainstReference(mode: DeliveryMode): void {
  const commands = fc.commands(delivers(mode), { maxCommands: MAX_COMMANDS, size: "max" })
  fc.assert(
    fc.property(commands, (history) => fc.modelRun(() => setUp(mode), history)),
    { numRuns: RUNS },
  )
}

function setUp(mode: DeliveryMode): { model: Model; real: Real } {
  const storage = new Storage()
  const committed = { messages: [], end: 0, receipts: [] }
  const model = { reference: new Reference(mode), now: 1_700_000_000_000, receipts: [], committed }
  return { model, real: { state: storage.load(mode), storage, seq: 0 } }
}

import { runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe } from "vitest"
import { DurableDatabase } from "../../src/store/durable-database.ts"
import type { DurablePlace } from "./cost.ts"
import { queueRowsWritten } from "./queue-rows-written.ts"
import { rowsWritten } from "./rows-written.ts"
import { storesContract } from "./stores.ts"

let opened = 0

/** The storage of an object that has never been used, and that nobody else will use. */
function inObject(): DurablePlace {
  const stub = env.PARTITIONS.getByName(`contract/place/${opened++}`)
  return {
    use: (body) => runInDurableObject(stub, (_instance, state) => body(new DurableDatabase(state.storage))),
  }
}

describe("workerd", () => {
  storesContract(inObject)
})
describe("rows written", () => {
  rowsWritten(inObject)
  queueRowsWritten(inObject)
})

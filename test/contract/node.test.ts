import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe } from "vitest"
import { NodeDatabase } from "../support/node-database.ts"
import type { Place } from "./place.ts"
import { storesContract } from "./stores.ts"

function inMemory(): Place {
  const database = new NodeDatabase()
  return {
    use: async (body) => body(database),
    close: () => database.close(),
  }
}

function onFile(): Place {
  const directory = mkdtempSync(join(tmpdir(), "millrace-"))
  return {
    use: async (body) => {
      const database = new NodeDatabase(join(directory, "test.sqlite"))
      try {
        return body(database)
      } finally {
        database.close()
      }
    },
    close: () => rmSync(directory, { recursive: true }),
  }
}

describe("node:sqlite in memory", () => {
  storesContract(inMemory)
})
describe("node:sqlite on a file", () => {
  storesContract(onFile)
})

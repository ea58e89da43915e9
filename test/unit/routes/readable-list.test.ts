import fc from "fast-check"
import { expect, test } from "vitest"
import { accessOf } from "../../../src/core/access/access.ts"
import type { Failure } from "../../../src/core/errors.ts"
import { MAX_FILTERED_LIST_CALLS } from "../../../src/core/limits.ts"
import { ok, type Result } from "../../../src/core/result.ts"
import type { ListRequest, Page } from "../../../src/objects/contract.ts"
import type { Scope } from "../../../src/routes/env.ts"
import { listReadable } from "../../../src/routes/readable-list.ts"

interface Named {
  readonly name: string
}

/** A catalog of `names`, in pages of at most `longest`. */
class Catalog {
  readonly #names: readonly string[]
  readonly #longest: number
  readonly asked: ListRequest[] = []

  constructor(names: readonly string[], longest = Infinity) {
    this.#names = [...new Set(names)].toSorted()
    this.#longest = longest
  }

  readonly list = async (request: ListRequest) => {
    this.asked.push(request)
    const { prefix, cursor } = request
    const limit = Math.min(request.limit, this.#longest)
    const all = this.#names.filter((name) => name.startsWith(prefix) && (cursor === null || name > cursor))
    const items = all.slice(0, limit).map((name) => ({ name }))
    return ok<Page<Named>>({ items, cursor: all.length > limit ? items.at(-1)!.name : null })
  }
}

function reader(queues: readonly string[] | null): Scope {
  const access = accessOf(queues && [{ actions: ["read"], queues, topics: [], groups: [] }])
  const caller = { namespace: "default", access, endsAt: null, isRoot: false }
  return { caller, env: {}, waitUntil: () => {} } as unknown as Scope
}

async function pagesOf(catalog: Catalog, scope: Scope, prefix: string, limit: number): Promise<string[][]> {
  const pages: string[][] = []
  let cursor: string | null = null
  do {
    const page: Result<Page<Named>, Failure> = await listReadable(
      scope,
      "queue",
      { prefix, limit, cursor },
      catalog.list,
    )
    if (!page.ok) throw new Error(page.error.code)
    pages.push(page.value.items.map(({ name }) => name))
    cursor = page.value.cursor
  } while (cursor !== null)
  return pages
}

test("[A12] pages hold what may be read, are full, and end without an empty one", async () => {
  const name = fc.stringMatching(/^[abc]{1,4}$/)
  const pattern = fc.stringMatching(/^[abc*]{1,4}$/)
  await fc.assert(
    fc.asyncProperty(
      fc.array(name, { maxLength: 40 }),
      fc.array(pattern, { maxLength: 4 }),
      fc.stringMatching(/^[abc]{0,2}$/),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 4 }),
      async (names, patterns, prefix, limit, longest) => {
        const scope = reader(patterns)
        const expected = [...new Set(names)]
          .filter((one) => one.startsWith(prefix) && scope.caller.access.allows("read", "queue", one))
          .toSorted()
        const pages = await pagesOf(new Catalog(names, longest), scope, prefix, limit)
        expect(pages.flat()).toEqual(expected)
        for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit)
        expect(pages.at(-1)!.length).toBeGreaterThan(expected.length === 0 ? -1 : 0)
      },
    ),
  )
})

test("[A12] who may read everything is answered by the catalog, page for page", async () => {
  const catalog = new Catalog(["a", "b", "c"])
  expect(await pagesOf(catalog, reader(null), "", 2)).toEqual([["a", "b"], ["c"]])
  expect(catalog.asked).toEqual([
    { prefix: "", limit: 2, cursor: null },
    { prefix: "", limit: 2, cursor: "b" },
  ])
})

test("[A12] only what begins like a name that may be read is looked at", async () => {
  const catalog = new Catalog(["a", "jobs", "jobs-1", "logs-1", "logs-2", "z"])
  expect(await pagesOf(catalog, reader(["jobs", "logs-*", "logs-*-x", "logs-1"]), "", 9)).toEqual([
    ["jobs", "logs-1", "logs-2"],
  ])
  expect(catalog.asked.map(({ prefix }) => prefix)).toEqual(["jobs", "logs-"])
})

test("[A12] a search that would take too many calls asks for a longer prefix", async () => {
  const names = Array.from({ length: MAX_FILTERED_LIST_CALLS + 1 }, (_, index) => `n${String(index).padStart(4, "0")}`)
  const catalog = new Catalog(names, 1)
  const request = { prefix: "", limit: 10, cursor: null }
  const page = await listReadable(reader(["*x"]), "queue", request, catalog.list)
  expect(page).toMatchObject({ ok: false, error: { code: "invalid_field", pointer: "/prefix" } })
  expect(catalog.asked).toHaveLength(MAX_FILTERED_LIST_CALLS)
})

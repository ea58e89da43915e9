import { expect, it } from "vitest"
import { err, ok } from "../../../src/core/result.ts"
import { DEFAULT_TOPIC_SETTINGS, type TopicSettings } from "../../../src/core/stream/settings.ts"
import type { CatalogApi, CatalogEntry } from "../../../src/objects/contract.ts"
import { lookUpTopics } from "../../../src/objects/group-lookups.ts"

function entryOf(name: string, settings: Partial<TopicSettings> = {}): CatalogEntry<TopicSettings> {
  const known = { ...DEFAULT_TOPIC_SETTINGS, ...settings }
  return { name, incarnation: 7, version: 9, settings: known, createdAt: 1, updatedAt: 2 }
}

/** A catalog of these names, which answers lists in pages of two; and what it was asked. */
function catalogOf(names: readonly string[]) {
  const asked: string[] = []
  const catalog: Pick<CatalogApi, "getTopic" | "listTopics"> = {
    async getTopic(name) {
      asked.push(`get ${name}`)
      return names.includes(name) ? ok(entryOf(name)) : err({ code: "not_found", resource: "topic", name })
    },
    async listTopics({ prefix, cursor }) {
      asked.push(`list ${prefix} after ${cursor}`)
      const found = names.filter((name) => name.startsWith(prefix) && name > (cursor ?? "")).toSorted()
      return { items: found.slice(0, 2).map((name) => entryOf(name)), cursor: found.length > 2 ? found[1]! : null }
    },
  }
  return { catalog, asked }
}

const namesOf = async (...[catalog, asked]: Parameters<typeof lookUpTopics>): Promise<string[]> => {
  const found = await lookUpTopics(catalog, asked)
  if (!found.ok) throw new Error(found.error.code)
  return found.value.map(({ name }) => name).toSorted()
}

it("[G54] topics are asked for by name, and those that are not there are left out", async () => {
  const { catalog, asked } = catalogOf(["a", "b"])
  expect(await namesOf(catalog, { topics: ["a", "c", "b"], patterns: [] })).toEqual(["a", "b"])
  expect(asked).toEqual(["get a", "get c", "get b"])
})

it("[G54] a topic is answered with what a group has to know of it", async () => {
  const growths = [{ from: 1, to: 4 }]
  const { catalog } = catalogOf([])
  const known = { ...catalog, getTopic: async () => ok(entryOf("a", { partitions: 4, growths })) }
  const found = await lookUpTopics(known, { topics: ["a"], patterns: [] })
  expect(found).toEqual(ok([{ name: "a", incarnation: 7, version: 9, partitions: 4, growths }]))
})

it("[G54] patterns are listed by what they begin with, page by page, and no name twice", async () => {
  const { catalog, asked } = catalogOf(["log.a", "log.b", "log.c", "logs", "other"])
  expect(await namesOf(catalog, { topics: ["log.c", "other"], patterns: ["log.*", "log.a*", "log.*"] })).toEqual([
    "log.a",
    "log.b",
    "log.c",
    "other",
  ])
  expect(asked).toEqual(["list log. after null", "list log. after log.b", "get other"])
})

it("[G54] a pattern that begins with anything takes in what is asked for by others", async () => {
  const { catalog, asked } = catalogOf(["a", "b"])
  expect(await namesOf(catalog, { topics: ["a"], patterns: ["b*", "*"] })).toEqual(["a", "b"])
  expect(asked).toEqual(["list  after null"])
})

it("[G54] of a list only what a pattern matches is kept", async () => {
  const { catalog } = catalogOf(["log.a.eu", "log.a.us", "log.b.eu", "logs"])
  expect(await namesOf(catalog, { topics: [], patterns: ["log.*.eu", "*s"] })).toEqual([
    "log.a.eu",
    "log.a.us",
    "log.b.eu",
    "logs",
  ])
  expect(await namesOf(catalog, { topics: [], patterns: ["log.*.eu"] })).toEqual(["log.a.eu", "log.b.eu"])
})

it("[G54] where one topic can't be asked for nothing is answered, so that it does not seem to be gone", async () => {
  const { catalog } = catalogOf(["a"])
  const failing: typeof catalog = {
    ...catalog,
    getTopic: async (name) => (name === "b" ? err({ code: "unavailable", retryAfterMs: 1 }) : catalog.getTopic(name)),
  }
  expect(await lookUpTopics(failing, { topics: ["a", "b"], patterns: [] })).toMatchObject({
    error: { code: "unavailable" },
  })
})

it("[G54] many topics are asked for some at a time", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `t${index}`)
  let underWay = 0
  let most = 0
  const { catalog } = catalogOf(names)
  const counting: typeof catalog = {
    ...catalog,
    async getTopic(name) {
      most = Math.max(most, ++underWay)
      await Promise.resolve()
      underWay--
      return catalog.getTopic(name)
    },
  }
  expect(await namesOf(counting, { topics: names, patterns: [] })).toHaveLength(40)
  expect(most).toBe(16)
})

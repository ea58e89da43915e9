import type { Failure } from "../core/errors.ts"
import type { TopicInfo, TopicLookup } from "../core/group/coordination.ts"
import { compilePattern, literalPrefix } from "../core/group/glob.ts"
import { MAX_LIST_PAGE } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { TopicSettings } from "../core/stream/settings.ts"
import type { CatalogApi, CatalogEntry } from "./contract.ts"

/** Topics that one look asks for at the same time. */
const CALLS_AT_ONCE = 16

type TopicCatalog = Pick<CatalogApi, "getTopic" | "listTopics">

/**
 * The topics that are there, of those named and of those that match a pattern. Where one can't be asked
 * for, nothing is answered: a topic must not seem to be gone.
 */
export async function lookUpTopics(
  catalog: TopicCatalog,
  { topics, patterns }: TopicLookup,
): Promise<Result<TopicInfo[], Failure>> {
  const found = new Map<string, TopicInfo>()
  const tests = patterns.map(compilePattern)
  const isWanted = (name: string): boolean => tests.some((test) => test(name))
  for (const prefix of prefixesOf(patterns)) {
    for (const info of await listWanted(catalog, prefix, isWanted)) found.set(info.name, info)
  }
  const rest = topics.filter((topic) => !found.has(topic))
  for (let from = 0; from < rest.length; from += CALLS_AT_ONCE) {
    const entries = await Promise.all(rest.slice(from, from + CALLS_AT_ONCE).map((name) => catalog.getTopic(name)))
    for (const entry of entries) {
      if (entry.ok) found.set(entry.value.name, topicInfo(entry.value))
      else if (entry.error.code !== "not_found") return err(entry.error)
    }
  }
  return ok([...found.values()])
}

/** A topic as a group has to know it. */
export function topicInfo({ name, incarnation, version, settings }: CatalogEntry<TopicSettings>): TopicInfo {
  return { name, incarnation, version, partitions: settings.partitions, growths: settings.growths }
}

/** What names begin with that match one of the patterns; one that begins with another would be listed twice. */
function prefixesOf(patterns: readonly string[]): string[] {
  const prefixes = [...new Set(patterns.map(literalPrefix))]
  return prefixes.filter((prefix) => !prefixes.some((other) => other !== prefix && prefix.startsWith(other)))
}

/** Of each page only what is wanted is kept: a namespace may have far more topics than a group. */
async function listWanted(
  catalog: TopicCatalog,
  prefix: string,
  isWanted: (name: string) => boolean,
): Promise<TopicInfo[]> {
  const wanted: TopicInfo[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<TopicCatalog["listTopics"]>> = await catalog.listTopics({
      prefix,
      limit: MAX_LIST_PAGE,
      cursor,
    })
    for (const entry of page.items) if (isWanted(entry.name)) wanted.push(topicInfo(entry))
    cursor = page.cursor
  } while (cursor !== null)
  return wanted
}

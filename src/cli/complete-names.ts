import { createAdmin } from "../client/index.ts"
import type { Environment } from "./profiles.ts"
import { resolveSettings } from "./settings.ts"

const KINDS = ["queue", "topic", "group"] as const
/** Commands that don't name what is there already. */
const WITHOUT_NAME = new Set(["create", "list", "ls"])
/** Whoever pressed Tab waits. */
const WITHIN_MS = 700
const MAX_NAMES = 100

/**
 * Names at the broker for the word that is being typed, as in `millrace queue send jo`; none where it takes no name,
 * and none where the broker does not answer soon.
 */
export async function completedNames(words: readonly string[], environment: Environment): Promise<readonly string[]> {
  const [kind, command, ...names] = words.slice(words.indexOf("millrace") + 1)
  const known = KINDS.find((one) => one === kind)
  const prefix = names[0]
  if (known === undefined || command === undefined || WITHOUT_NAME.has(command)) return []
  if (names.length !== 1 || prefix === undefined || prefix.startsWith("-")) return []
  try {
    return await namesOf(known, prefix, environment)
  } catch {
    return []
  }
}

async function namesOf(kind: (typeof KINDS)[number], prefix: string, environment: Environment): Promise<string[]> {
  const { url, token } = resolveSettings({}, environment)
  const soon: typeof fetch = (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(WITHIN_MS) })
  const admin = createAdmin({ url: url.value, token: token?.value ?? "", fetch: soon })
  const query = { limit: MAX_NAMES, ...(prefix === "" ? {} : { prefix }) }
  const listed = {
    queue: async () => (await admin.queues.list(query)).queues,
    topic: async () => (await admin.topics.list(query)).topics,
    group: async () => (await admin.groups.list(query)).groups,
  }
  return (await listed[kind]()).map(({ name }) => name)
}

import type { QueueSettings } from "../../core/queue/settings.ts"

/** What SQS keeps with a queue, and the broker does not know, stands in the queue's annotations under this prefix. */
const PREFIX = "sqs:"
const TAG_PREFIX = "sqs:tag:"

/** The annotation that holds the time of the last purge, in milliseconds since the epoch, and behind a blank its id. */
export const PURGED_AT = "sqs:purgedAt"

/** The annotation that holds the attribute `name`. */
export function annotationOf(name: string): string {
  return PREFIX + name
}

/** The annotation that holds the tag `key`. */
export function tagAnnotationOf(key: string): string {
  return TAG_PREFIX + key
}

/** The text that the attribute `name` was set to; undefined where it was not. */
export function annotated({ annotations }: Pick<QueueSettings, "annotations">, name: string): string | undefined {
  return annotations[PREFIX + name]
}

/** The number that the attribute `name` was set to; null where it was not, or to none: owners write annotations too. */
export function annotatedNumber(settings: Pick<QueueSettings, "annotations">, name: string): number | null {
  const text = annotated(settings, name)
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null
}

/** The tags of a queue. */
export function tagsOf({ annotations }: Pick<QueueSettings, "annotations">): Record<string, string> {
  const tags = Object.entries(annotations).filter(([name]) => name.startsWith(TAG_PREFIX))
  return Object.fromEntries(tags.map(([name, value]) => [name.slice(TAG_PREFIX.length), value]))
}

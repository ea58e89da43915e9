import type { TopicSettings } from "../../core/stream/settings.ts"
import type { CatalogEntry } from "../../objects/contract.ts"

/** A topic as its owner sees it: without the numbers that only objects need. */
export function topicView({ name, settings, createdAt, updatedAt }: CatalogEntry<TopicSettings>) {
  return { name, settings, createdAt, updatedAt }
}

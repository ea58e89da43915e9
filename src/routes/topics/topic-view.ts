import type { TopicSettings } from "../../core/stream/settings.ts"
import type { CatalogEntry } from "../../objects/contract.ts"

/** A topic as its owner sees it: without what only objects need. */
export function topicView({ name, settings, createdAt, updatedAt }: CatalogEntry<TopicSettings>) {
  const { growths: _growths, earlierPartitions: _earlier, ...own } = settings
  return { name, settings: own, createdAt, updatedAt }
}

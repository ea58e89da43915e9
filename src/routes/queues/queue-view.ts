import type { QueueSettings } from "../../core/queue/settings.ts"
import type { CatalogEntry } from "../../objects/contract.ts"

/** A queue as its owner sees it: without the numbers that only objects need. */
export function queueView({ name, settings, createdAt, updatedAt }: CatalogEntry<QueueSettings>) {
  return { name, settings, createdAt, updatedAt }
}

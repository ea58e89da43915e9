import type { Admin, ReadFrom } from "../../client/index.ts"
import { parseInstantAt } from "../units.ts"

/** Where reading begins. */
export type Place =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest" }
  | { readonly kind: "offset"; readonly offset: number }
  /** So many offsets before the end of each partition. */
  | { readonly kind: "last"; readonly count: number }
  | { readonly kind: "time"; readonly timestamp: number }

/** `earliest`, `latest`, `42`, `-10`, a time or `@<ms>`; throws a UsageError for anything else. */
export function parsePlace(text: string): Place {
  if (text === "earliest" || text === "latest") return { kind: text }
  if (/^\d{1,15}$/.test(text)) return { kind: "offset", offset: Number(text) }
  if (/^-\d{1,15}$/.test(text)) return { kind: "last", count: -Number(text) }
  return { kind: "time", timestamp: parseInstantAt(text, "earliest, latest, an offset, -10") }
}

/** The place as the client takes it; the broker is asked where that depends on the ends of the partitions. */
export async function readFromOf(topics: Admin["topics"], topic: string, place: Place): Promise<ReadFrom> {
  switch (place.kind) {
    case "earliest":
    case "latest":
      return place.kind
    case "offset":
      return place.offset
    case "time":
      return { timestamp: place.timestamp }
    case "last": {
      const { partitions } = await topics.offsets(topic)
      const offsets = partitions.map(({ partition, startOffset, endOffset }) => {
        return [partition, Math.max(startOffset, endOffset - place.count)] as const
      })
      return { offsets: Object.fromEntries(offsets) }
    }
  }
}

import type { InferOutput } from "valibot"
import { MAX_BATCH_ENTRIES, MAX_READ_BYTES } from "../../core/limits.ts"
import { parsePosition, type Position } from "../../protocol/native/position.ts"
import { recordFilter } from "../../protocol/native/record-filter.ts"
import type { ReadLimits } from "./partition-read.ts"
import type { PartOptions } from "./read-parts.ts"
import type { readQuerySchema } from "./read-schemas.ts"

/** What a read asks for in its query. */
export type ReadQuery = InferOutput<typeof readQuerySchema>

/** How much is read unless the request says otherwise. */
export function limitsOf({
  maxRecords = MAX_BATCH_ENTRIES,
  maxBytes = MAX_READ_BYTES,
}: Partial<ReadQuery>): ReadLimits {
  return { maxRecords, maxBytes }
}

/** How much is read and what of it is shown. */
export function optionsOf(query: Omit<ReadQuery, "from">): PartOptions {
  const { key = null, header = null, damaged = "report" } = query
  return { ...limitsOf(query), filter: recordFilter(key, header), damaged }
}

/** The position that a valid `from` says. */
export function positionOf(from: string): Position {
  return parsePosition(from) ?? { kind: "earliest" }
}

import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"

/** One flight as the airline reported it; the demo never looks beyond the airport of origin. */
export interface Flight {
  readonly origin: string
}

/** One webhook as GitHub sends it. */
export interface Webhook {
  readonly event: string
  readonly payload: { readonly repository?: { readonly full_name?: string } | null }
}

/** The 20,000 flights, ordered by date. No two are alike. */
export function readFlights(): Flight[] {
  return readLines("flights.ndjson.gz") as Flight[]
}

/** The 329 webhooks. Some are alike. */
export function readWebhooks(): Webhook[] {
  return readLines("webhooks.ndjson.gz") as Webhook[]
}

/** A frozen file of `test/data`, where its README says what a line is. */
function readLines(file: string): unknown[] {
  const path = fileURLToPath(new URL(`../test/data/${file}`, import.meta.url))
  const lines = gunzipSync(readFileSync(path)).toString("utf8").trimEnd().split("\n")
  return lines.map((line): unknown => JSON.parse(line))
}

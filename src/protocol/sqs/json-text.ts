import { isJsonObject, type JsonObject } from "../native/fields.ts"

/** What `text` says in JSON; undefined, which no JSON says, where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The object that `text` is in JSON, or null. */
export function parseJsonObject(text: string): JsonObject | null {
  const value = parseJson(text)
  return isJsonObject(value) ? value : null
}

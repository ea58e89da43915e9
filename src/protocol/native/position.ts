/** Where a read begins, as a request says it. */
export type Position =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest" }
  | { readonly kind: "offset"; readonly offset: number }
  /** So many offsets before the end. */
  | { readonly kind: "last"; readonly count: number }
  /** At the first record of this time or younger. */
  | { readonly kind: "time"; readonly timestamp: number }

const NUMBER = /^([-@]?)(\d{1,16})$/

/** `earliest`, `latest`, an offset, `-<n>` or `@<milliseconds>`; null for anything else. */
export function parsePosition(text: string): Position | null {
  if (text === "earliest" || text === "latest") return { kind: text }
  const [, sign, digits] = NUMBER.exec(text) ?? []
  const number = Number(digits)
  if (!Number.isSafeInteger(number)) return null
  if (sign === "-") return { kind: "last", count: number }
  return sign === "@" ? { kind: "time", timestamp: number } : { kind: "offset", offset: number }
}

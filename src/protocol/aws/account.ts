const OFFSET_BASIS = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const ACCOUNT_DIGITS = 12

/** What an account id looks like. */
export const ACCOUNT_ID = /^\d{12}$/

/** The account that owns the names of `namespace`: twelve digits, always the same ones (`[A20]`). */
export function accountOf(namespace: string): string {
  if (namespace === "default") return "0".repeat(ACCOUNT_DIGITS)
  let hash = OFFSET_BASIS
  // names are ASCII; FNV-1a tells those apart that differ in a character
  for (let at = 0; at < namespace.length; at++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(namespace.charCodeAt(at))) * PRIME)
  }
  // 0 is the account of `default`
  const number = (hash % (10n ** BigInt(ACCOUNT_DIGITS) - 1n)) + 1n
  return String(number).padStart(ACCOUNT_DIGITS, "0")
}

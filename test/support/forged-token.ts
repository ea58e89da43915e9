import { createHmac, hkdfSync } from "node:crypto"

export const TOKEN_HEADER = { alg: "HS256", typ: "JWT" }

/** A part of a token: text as it stands, all else as JSON. */
export function tokenPart(value: unknown): string {
  const bytes = new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")
}

/** What a part of a token says. */
export function readTokenPart(part: string): unknown {
  return JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/")))
}

/** A token as anybody makes it who has the secret, by other means than the broker's. */
export function forgeToken(secret: string, header: unknown, claims: unknown): string {
  const key = new Uint8Array(hkdfSync("sha256", secret, "", "millrace tokens v1", 32))
  const signed = `${tokenPart(header)}.${tokenPart(claims)}`
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`
}

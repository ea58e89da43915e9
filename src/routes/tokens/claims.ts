import { sign, verify } from "hono/jwt"
import * as v from "valibot"
import { ACTIONS } from "../../core/access/rights.ts"
import { NAME_PATTERN } from "../../core/limits.ts"

/** Whose tokens are ours, and for what: a token that the same key signed for something else is none. */
const ISSUER = "millrace"
const AUDIENCE = "millrace.v1"
const ALGORITHM = "HS256"

const names = v.array(v.string())

/** Strict, so that what a later version adds to narrow a token is never passed over. */
const claimsSchema = v.strictObject({
  iss: v.literal(ISSUER),
  aud: v.literal(AUDIENCE),
  kind: v.literal("bearer"),
  ns: v.pipe(v.string(), v.regex(NAME_PATTERN)),
  sub: v.exactOptional(v.string()),
  /** Seconds since the epoch, with fractions. */
  iat: v.pipe(v.number(), v.finite()),
  exp: v.exactOptional(v.pipe(v.number(), v.finite())),
  rights: v.exactOptional(
    v.array(v.strictObject({ actions: v.array(v.picklist(ACTIONS)), queues: names, topics: names, groups: names })),
  ),
})

/** What a token says; without `rights` it allows everything in its namespace, without `exp` it never ends. */
export type Claims = Omit<v.InferOutput<typeof claimsSchema>, "iss" | "aud" | "kind">

/** A token that says `claims`. */
export function signClaims(claims: Claims, key: CryptoKey): Promise<string> {
  return sign({ iss: ISSUER, aud: AUDIENCE, kind: "bearer", ...claims }, key, ALGORITHM)
}

/** What `token` says, or null where it was not signed with `key` or is not one of ours. Whether it has ended is not looked at. */
export async function readClaims(token: string, key: CryptoKey): Promise<Claims | null> {
  // instants are compared by who asks: to the millisecond, and anew at each use
  const options = { alg: ALGORITHM, iss: ISSUER, aud: AUDIENCE, exp: false, iat: false, nbf: false } as const
  const payload: unknown = await verify(token, key, options).catch(() => null)
  const parsed = v.safeParse(claimsSchema, payload)
  return parsed.success ? parsed.output : null
}

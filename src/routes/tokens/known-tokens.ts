import { accessOf } from "../../core/access/access.ts"
import { MAX_KNOWN_TOKENS, MAX_TOKEN_CHARACTERS } from "../../core/limits.ts"
import type { Caller } from "../env.ts"
import { type Claims, readClaims } from "./claims.ts"
import { signingKey } from "./signing-key.ts"

/** Callers whose tokens were looked at in this isolate, the oldest first. A key names the secret too. */
const known = new Map<string, Caller>()

/** Who presents `token`, null where it is none of `secret`'s or has ended. Without a promise where it is known. */
export function callerOf(token: string, secret: string): Caller | null | Promise<Caller | null> {
  // one that is longer was not made here, nor is it worth to be looked at
  if (token.length > MAX_TOKEN_CHARACTERS) return null
  const caller = known.get(keyOf(token, secret))
  return caller === undefined ? readCaller(token, secret) : unlessEnded(caller)
}

async function readCaller(token: string, secret: string): Promise<Caller | null> {
  const claims = await readClaims(token, await signingKey(secret))
  if (claims === null) return null
  const caller = callerWith(claims)
  known.set(keyOf(token, secret), caller)
  for (const oldest of known.keys()) {
    if (known.size <= MAX_KNOWN_TOKENS) break
    known.delete(oldest)
  }
  return unlessEnded(caller)
}

function callerWith({ ns, exp, rights }: Claims): Caller {
  const endsAt = exp === undefined ? null : Math.round(exp * 1000)
  return { namespace: ns, access: accessOf(rights ?? null), endsAt, isRoot: false }
}

function unlessEnded(caller: Caller): Caller | null {
  return caller.endsAt !== null && caller.endsAt <= Date.now() ? null : caller
}

function keyOf(token: string, secret: string): string {
  // no token has a line break
  return `${token}\n${secret}`
}

import type { HmacKey } from "../../core/bytes/sha256.ts"
import { accessOf } from "../../core/access/access.ts"
import type { StoredAccessKey } from "../../core/access/access-key.ts"
import type { Failure } from "../../core/errors.ts"
import { ACCESS_KEY_TTL_MS, MAX_KNOWN_ACCESS_KEYS } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"
import { callObject } from "../call-object.ts"
import { accountOf } from "../../protocol/aws/account.ts"
import type { Caller, Env } from "../env.ts"
import { isAccessKeyId } from "./access-key-ids.ts"
import { unseal } from "./sealed-secrets.ts"

/** An access key as requests are checked with it. */
export interface AccessKey {
  readonly caller: Caller
  /** Twelve digits: who presents it, in the words of AWS. */
  readonly accountId: string
  /** The account of its namespace. */
  readonly ownerAccountId: string
  readonly secret: string
  /** What signs with it, by its scope: kept here, so that it goes with the key. */
  readonly signingKeys: Map<string, HmacKey>
}

/** Null where there is none of that id. */
type Found = Result<AccessKey | null, Failure>

interface Known {
  readonly key: AccessKey | null
  readonly readAt: number
}

const NONE: Found = ok(null)

/** Keys of one signing secret that this isolate has read, the oldest first. */
let known: { readonly secret: string; readonly keys: Map<string, Known> } = { secret: "", keys: new Map() }

/** The access key `id` at `now`, null where there is none or it has ended. Without a promise where it is known. */
export function accessKeyOf(id: string, env: Env, signingSecret: string, now: number): Found | Promise<Found> {
  const cached = keysOf(signingSecret).get(id)
  // what is older was maybe taken back meanwhile, and nothing is served on the strength of it
  if (cached === undefined || Math.abs(now - cached.readAt) >= ACCESS_KEY_TTL_MS) {
    return readAccessKey(id, env, signingSecret, now)
  }
  return unlessEnded(cached.key, now)
}

/** The key was taken back. */
export function forgetAccessKey(id: string): void {
  known.keys.delete(id)
}

async function readAccessKey(id: string, env: Env, signingSecret: string, now: number): Promise<Found> {
  if (!(await isAccessKeyId(id, signingSecret))) return NONE
  const stored = await callObject("idempotent", () => env.ACCESS_KEYS.getByName(id).read())
  if (!stored.ok && stored.error.code !== "not_found") return stored
  const key = stored.ok ? await openKey(id, stored.value, signingSecret) : null
  remember(keysOf(signingSecret), id, { key, readAt: now })
  return unlessEnded(key, now)
}

async function openKey(id: string, stored: StoredAccessKey, signingSecret: string): Promise<AccessKey | null> {
  const secret = await unseal(stored.sealedSecret, id, signingSecret)
  if (secret === null) return null
  const { namespace, accountId, rights, expiresAt } = stored
  const caller = { namespace, access: accessOf(rights), endsAt: expiresAt, isRoot: false }
  return { caller, accountId, ownerAccountId: accountOf(namespace), secret, signingKeys: new Map() }
}

function unlessEnded(key: AccessKey | null, now: number): Found {
  const endsAt = key?.caller.endsAt ?? null
  return key === null || (endsAt !== null && endsAt <= now) ? NONE : ok(key)
}

function keysOf(signingSecret: string): Map<string, Known> {
  if (known.secret !== signingSecret) known = { secret: signingSecret, keys: new Map() }
  return known.keys
}

function remember(keys: Map<string, Known>, id: string, entry: Known): void {
  keys.delete(id)
  keys.set(id, entry)
  for (const oldest of keys.keys()) {
    if (keys.size <= MAX_KNOWN_ACCESS_KEYS) break
    keys.delete(oldest)
  }
}

import { EVERYTHING } from "../../core/access/access.ts"
import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { Caller, Env } from "../env.ts"
import { callerOf } from "../tokens/known-tokens.ts"
import { signingSecret } from "../tokens/signing-key.ts"

type Authenticated = Result<Caller, Failure>

const UNAUTHORIZED = err<Failure>({ code: "unauthorized" })
const NOT_CONFIGURED = err<Failure>({ code: "not_configured" })
/** Who presents the root secret, or anyone where authentication is off: everything, in the namespace of that name. */
const ROOT: Result<Caller, never> = ok({ namespace: "default", access: EVERYTHING, endsAt: null, isRoot: true })

const SCHEME = "bearer "
const PROTOCOL_PREFIX = "bearer."

/** Who sends `request`. Without a configured token nobody is served, unless authentication is switched off. */
export function authenticate(request: Request, env: Env): Authenticated | Promise<Authenticated> {
  if (env.MILLRACE_AUTH === "off") return ROOT
  if (env.MILLRACE_TOKEN === undefined || env.MILLRACE_TOKEN === "") return NOT_CONFIGURED
  const token = presentedToken(request)
  if (token === null) return UNAUTHORIZED
  if (equalSecrets(token, env.MILLRACE_TOKEN)) return ROOT
  const caller = callerOf(token, signingSecret(env) ?? env.MILLRACE_TOKEN)
  return caller instanceof Promise ? caller.then(orUnauthorized) : orUnauthorized(caller)
}

function orUnauthorized(caller: Caller | null): Authenticated {
  return caller === null ? UNAUTHORIZED : ok(caller)
}

/** From `Authorization`, or for a browser's WebSocket, which can't set it, from a second subprotocol. */
function presentedToken(request: Request): string | null {
  const header = request.headers.get("authorization")
  if (header !== null) {
    return header.slice(0, SCHEME.length).toLowerCase() === SCHEME ? header.slice(SCHEME.length).trim() : null
  }
  if (request.headers.get("upgrade") === null) return null
  const protocols = request.headers.get("sec-websocket-protocol")?.split(",") ?? []
  const carrier = protocols.map((protocol) => protocol.trim()).find((protocol) => protocol.startsWith(PROTOCOL_PREFIX))
  return carrier?.slice(PROTOCOL_PREFIX.length) ?? null
}

/** Takes as long for a wrong token as for the right one, whatever they share: only the presented length shows. */
function equalSecrets(presented: string, secret: string): boolean {
  let difference = presented.length ^ secret.length
  for (let at = 0; at < presented.length; at++) {
    difference |= presented.charCodeAt(at) ^ secret.charCodeAt(at % secret.length)
  }
  return difference === 0
}

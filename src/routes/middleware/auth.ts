import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { Caller, Env } from "../env.ts"

const UNAUTHORIZED = err<Failure>({ code: "unauthorized" })
const NOT_CONFIGURED = err<Failure>({ code: "not_configured" })
/** There is one namespace for now. */
const ANYONE: Result<Caller, never> = ok({ namespace: "default" })

const SCHEME = "bearer "
const PROTOCOL_PREFIX = "bearer."

/** Who sends `request`. Without a configured token nobody is served, unless authentication is switched off. */
export function authenticate(request: Request, env: Env): Result<Caller, Failure> {
  if (env.MILLRACE_AUTH === "off") return ANYONE
  if (env.MILLRACE_TOKEN === undefined || env.MILLRACE_TOKEN === "") return NOT_CONFIGURED
  const token = presentedToken(request)
  return token !== null && equalSecrets(token, env.MILLRACE_TOKEN) ? ANYONE : UNAUTHORIZED
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

import { MillraceError } from "./errors.ts"
import type { AddressOptions } from "./options.ts"

/** Where a broker is, and how to show who one is. */
export interface Address {
  readonly socketUrl: string
  /** Asks for the token. What a WebSocket can't carry throws. */
  protocols(): Promise<string[]>
  /** A request to `path`, which begins without a slash. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

/** A browser can't set headers: the token stands among the subprotocols, and the same is right everywhere. */
const SUBPROTOCOL = "millrace.v1"
/** The characters of an HTTP token. */
const SAYABLE = /^[\w!#$%&'*+.^`|~-]+$/

/**
 * How to reach the broker at `url`: http or https, with a path where it is not at the root. Throws MillraceError
 * `invalid_value` for another protocol.
 */
export function addressOf({ url, token, fetch: given }: AddressOptions): Address {
  const base = new URL(url)
  base.protocol = base.protocol.replace(/^ws/, "http")
  if (!base.protocol.startsWith("http")) throw new MillraceError("invalid_value", `${url} is no address of a broker.`)
  if (!base.pathname.endsWith("/")) base.pathname += "/"
  const socketUrl = new URL("v1/connect", base)
  socketUrl.protocol = base.protocol === "https:" ? "wss:" : "ws:"
  const tokenNow = async (): Promise<string> => (typeof token === "function" ? inTime(token()) : token)
  return {
    socketUrl: socketUrl.href,
    async protocols() {
      const value = await tokenNow()
      if (!SAYABLE.test(value)) throw new MillraceError("unauthorized", "The token holds characters that none has.")
      return [SUBPROTOCOL, `bearer.${value}`]
    },
    async fetch(path, init = {}) {
      const headers = new Headers(init.headers)
      headers.set("authorization", `Bearer ${await tokenNow()}`)
      // called as a function of nobody's: browsers and Workers refuse it as a method
      const send = given ?? globalThis.fetch
      return send(new URL(path, base), { ...init, headers })
    },
  }
}

/** How long whoever gives tokens may take: one that never answers is asked again. */
const TOKEN_TIMEOUT_MS = 10_000

async function inTime(token: string | Promise<string>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new MillraceError("unavailable", "The token did not come in time.")
    timer = setTimeout(() => reject(error), TOKEN_TIMEOUT_MS)
  })
  try {
    return await Promise.race([token, late])
  } finally {
    clearTimeout(timer)
  }
}

/** How long the broker may take to say whether it knows the token. */
const PROBE_TIMEOUT_MS = 5_000

/** Whether the broker says that it does not know the token; a WebSocket that was refused doesn't tell why. */
export async function isTurnedAway(address: Address): Promise<boolean> {
  try {
    const response = await address.fetch("v1/queues?limit=1", { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
    await response.body?.cancel()
    return response.status === 401
  } catch {
    // not there, or a browser that may not ask: nothing is known
    return false
  }
}

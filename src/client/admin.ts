import { type Address, addressOf } from "./address.ts"
import { type AdminGroups, adminGroups } from "./admin-groups.ts"
import { type AdminOptions, askOf } from "./admin-http.ts"
import { type AdminQueues, adminQueues } from "./admin-queues.ts"
import { type AdminTopics, adminTopics } from "./admin-topics.ts"
import type { AddressOptions } from "./options.ts"

/** What somebody may do, and where: exact names, or patterns with `*`. */
export interface Right {
  readonly actions: readonly ("read" | "produce" | "consume" | "manage")[]
  readonly queues?: readonly string[]
  readonly topics?: readonly string[]
  readonly groups?: readonly string[]
}

/** A token to be made. */
export interface TokenRequest {
  readonly namespace?: string
  /** Who has it. */
  readonly subject?: string | null
  /** A day unless told; null for no end. */
  readonly expiresInMs?: number | null
  /** Everything in the namespace where it is left out. */
  readonly rights?: readonly Right[] | null
}

/** A token. Nobody can take it back before its end. */
export interface TokenView {
  readonly token: string
  readonly namespace: string
  readonly subject: string | null
  readonly expiresAt: number | null
  readonly rights: readonly Required<Right>[] | null
}

/** Administration of a broker, over HTTP. Everything rejects with MillraceError. */
export interface Admin {
  readonly queues: AdminQueues
  readonly topics: AdminTopics
  readonly groups: AdminGroups
  readonly tokens: {
    /** Makes a token; takes the broker's own secret. */
    create(request?: TokenRequest, options?: AdminOptions): Promise<TokenView>
  }
}

/** Administration without a connection: nothing is asked before the first call. */
export function createAdmin(options: AddressOptions): Admin {
  return adminOf(addressOf(options))
}

/**
 * Administration of the broker at `address`.
 * @internal
 */
export function adminOf(address: Address): Admin {
  const ask = askOf(address)
  return {
    queues: adminQueues(ask),
    topics: adminTopics(ask),
    groups: adminGroups(ask),
    tokens: { create: (json = {}, options) => ask("POST tokens", options, { json }) },
  }
}

import { type Address, addressOf } from "./address.ts"
import { type AdminGroups, adminGroups } from "./admin-groups.ts"
import { askOf } from "./admin-http.ts"
import { type AdminQueues, adminQueues } from "./admin-queues.ts"
import { type AdminTokens, adminTokens } from "./admin-tokens.ts"
import { type AdminTopics, adminTopics } from "./admin-topics.ts"
import type { AddressOptions } from "./options.ts"

/** Administration of a broker, over HTTP. Everything rejects with MillraceError. */
export interface Admin {
  readonly queues: AdminQueues
  readonly topics: AdminTopics
  readonly groups: AdminGroups
  readonly tokens: AdminTokens
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
    tokens: adminTokens(ask),
  }
}

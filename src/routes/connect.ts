import type { Failure } from "../core/errors.ts"
import { objectName } from "../core/object-name.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import { dialer } from "../session/dial.ts"
import { openSession, SUBPROTOCOL } from "../session/open-session.ts"
import type { GroupCalls, SessionContext } from "../session/ports.ts"
import type { Scope } from "./env.ts"
import { commitOffsets } from "./groups/commit-offsets.ts"
import type { MetadataCache } from "./metadata.ts"
import { callCatalog, callGroup, groupMetadata, queueMetadata, SHARD, topicMetadata } from "./objects.ts"
import type { Operation } from "./operation.ts"

/** `GET /v1/connect` */
export const connect: Operation = {
  id: "connect",
  method: "GET",
  path: "/v1/connect",
  tag: "sockets",
  summary: "Open a WebSocket with the subprotocol millrace.v1",
  demand: "token",
  query: null,
  body: null,
  responses: { 101: { description: "Frames of millrace.v1 follow.", schema: null } },
  failures: ["upgrade_required"],
  async handle(call) {
    const { headers } = call.request
    const protocols = headers.get("sec-websocket-protocol")?.split(",") ?? []
    const offered = protocols.some((protocol) => protocol.trim() === SUBPROTOCOL)
    if (headers.get("upgrade")?.toLowerCase() !== "websocket" || !offered) return err({ code: "upgrade_required" })
    return ok(openSession(sessionContext(call)))
  },
}

/** What a session may reach: the names of its caller. */
function sessionContext(scope: Scope): SessionContext {
  const { env, caller } = scope
  const queue = (name: string): string => objectName(caller.namespace, name, SHARD)
  const partition = (topic: string, index: number): string => objectName(caller.namespace, topic, index)
  const group = (name: string): string => objectName(caller.namespace, name, SHARD)
  return {
    access: caller.access,
    endsAt: caller.endsAt,
    resolveQueue: (name, fresh) => entryOf(queueMetadata, scope, name, fresh),
    resolveTopic: (name, fresh) => entryOf(topicMetadata, scope, name, fresh),
    resolveGroup: (name, fresh) => entryOf(groupMetadata, scope, name, fresh),
    dialQueue: (name) => dialer(() => env.QUEUES.getByName(queue(name))),
    dialPartition: (topic, index) => dialer(() => env.PARTITIONS.getByName(partition(topic, index))),
    dialGroup: (name) => dialer(() => env.GROUPS.getByName(group(name))),
    groups: groupCalls(scope),
    // opened twice it is only at a later epoch, which nobody else knows
    openProducer: (name) => callCatalog(scope, "idempotent", (catalog) => catalog.openProducer(name)),
  }
}

/** Calls to groups. A join names its member, and a heartbeat or leave is the same again, so each may be repeated. */
function groupCalls(scope: Scope): GroupCalls {
  return {
    join: (name, request) => callGroup(scope, name, "idempotent", (group, { version }) => group.join(version, request)),
    heartbeat: (name, request) =>
      callGroup(scope, name, "idempotent", (group, { version }) => group.heartbeat(version, request)),
    member: (name, memberId) =>
      callGroup(scope, name, "idempotent", (group, { version }) => group.member(version, memberId)),
    leave: (name, memberId) =>
      callGroup(scope, name, "idempotent", (group, { version }) => group.leave(version, memberId)),
    attach: (name, topic) => callGroup(scope, name, "idempotent", (group, { version }) => group.attach(version, topic)),
    commit: (name, { memberId, offsets }) => commitOffsets(scope, name, memberId, offsets),
  }
}

async function entryOf<Settings>(
  metadata: MetadataCache<Settings>,
  scope: Scope,
  name: string,
  fresh: boolean,
): Promise<Result<CatalogEntry<Settings>, Failure>> {
  if (fresh) return metadata.reload(scope, name)
  const resolved = await metadata.resolve(scope, name)
  return resolved.ok ? ok(resolved.value.entry) : resolved
}

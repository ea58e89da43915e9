import { owned } from "./fake-groups.ts"
import { FakeBroker, FakeClient, settled } from "./fakes.ts"

export const JOIN = { type: "join", sub: 1, group: "g", topics: ["t"] }
export const HEARTBEAT = { type: "heartbeat", sub: 1 }
/** How a coordinator speaks of a member that it does not know. */
export const OUT = { code: "not_found", resource: "member", name: "m" } as const

/** A client of a group whose members have partitions 0 and 1 of `t`. */
export function newClient(): FakeClient {
  const client = new FakeClient(new FakeBroker().group("g").queue("jobs"))
  client.broker.groups.partitions = [owned("t", 0), owned("t", 1)]
  return client
}

/** One that has joined as number 1. */
export async function joined(): Promise<FakeClient> {
  const client = newClient()
  await client.say(JOIN)
  client.take()
  return client
}

/** The coordinator's word that something changed. */
export async function news({ broker }: FakeClient): Promise<void> {
  broker.socket("group/g").say({ type: "member-news", sub: 1 })
  await settled()
}

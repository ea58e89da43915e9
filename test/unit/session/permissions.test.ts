import { describe, expect, it } from "vitest"
import { accessOf } from "../../../src/core/access/access.ts"
import type { Action, Kind, Rights } from "../../../src/core/access/rights.ts"
import { CLIENT_SILENT_MS } from "../../../src/core/limits.ts"
import { CLOSE_SILENT, CLOSE_TOKEN_ENDED } from "../../../src/session/ports.ts"
import { FakeClock } from "./fake-clock.ts"
import { FakeBroker, FakeClient } from "./fakes.ts"

type Asked = readonly [Action, Kind, string]

const MESSAGES = { type: "publish", ref: 1, queue: "jobs", messages: [{ body: "x" }] }
const RECORDS = { type: "publish", ref: 1, topic: "log", records: [{ body: "x" }] }
const READ = { type: "subscribe", sub: 1, topic: "log", partition: 0, from: "earliest", credit: 1 }
const SHARE = { type: "subscribe", sub: 1, topic: "log", partition: 0, share: "team", credit: 1 }
const JOIN = { type: "join", sub: 1, group: "team", topics: ["log"], patterns: ["lo*"] }
const OFFSET = { topic: "log", partition: 0, epoch: 1, offset: 3 }
const COMMIT = { type: "commit", ref: 1, group: "team", memberId: "m", offsets: [OFFSET] }

const onQueue = (action: Action): Asked[] => [[action, "queue", "jobs"]]
const GROUP: readonly Asked[] = [
  ["consume", "topic", "log"],
  ["consume", "group", "team"],
]

/** Frames, and all that each asks for. */
const FRAMES: readonly (readonly [string, Readonly<Record<string, unknown>>, readonly Asked[]])[] = [
  ["publish to a queue", MESSAGES, onQueue("produce")],
  ["publish to a topic", RECORDS, [["produce", "topic", "log"]]],
  ["open-producer", { type: "open-producer", ref: 1 }, [["produce", "topic", "log"]]],
  ["describe", { type: "describe", ref: 1, topic: "log" }, [["read", "topic", "log"]]],
  ["subscribe to a queue", { type: "subscribe", sub: 1, queue: "jobs", credit: 1 }, onQueue("consume")],
  ["ack by queue", { type: "ack", ref: 1, queue: "jobs", receipts: ["x"] }, onQueue("consume")],
  ["nack by queue", { type: "nack", ref: 1, queue: "jobs", receipts: ["x"] }, onQueue("consume")],
  [
    "extend by queue",
    { type: "extend", ref: 1, queue: "jobs", receipts: ["x"], visibilityTimeoutMs: 1 },
    onQueue("consume"),
  ],
  ["subscribe to a partition", READ, [["read", "topic", "log"]]],
  ["subscribe for a group", { ...READ, group: "team", memberId: "m", epoch: 1 }, GROUP],
  ["subscribe for a share group", SHARE, GROUP],
  ["ack by share group", { type: "ack", ref: 1, topic: "log", share: "team", receipts: ["x"] }, GROUP],
  ["join", JOIN, [...GROUP, ["consume", "topic", "lo*"]]],
  ["commit", COMMIT, GROUP],
  [
    "commit with records",
    { ...COMMIT, offsets: [{ ...OFFSET, records: [{ body: "x" }] }] },
    [...GROUP, ["produce", "topic", "log"]],
  ],
]

function rightsOf(asked: readonly Asked[]): Rights {
  return asked.map(([action, kind, name]) => {
    const nowhere = { actions: [action], queues: [], topics: [], groups: [] }
    return { ...nowhere, [`${kind}s`]: [name] }
  })
}

function clientWith(rights: Rights): FakeClient {
  const broker = new FakeBroker().queue("jobs").topic("log", 1).group("team")
  broker.access = accessOf(rights)
  return new FakeClient(broker)
}

function isForbidden({ type, problem }: Readonly<Record<string, unknown>>): boolean {
  return type === "error" && (problem as { code: string }).code === "forbidden"
}

describe("frames", () => {
  it.each(FRAMES)("[A8] [W64] %s is refused without any one thing that it asks for", async (_, frame, asked) => {
    for (const [missing, [action, resource, name]] of asked.entries()) {
      const others = asked.filter((_, nth) => nth !== missing)
      const elsewhere: Asked = [action, resource, "other"]
      const isAnywhere = frame["type"] === "open-producer"
      const client = clientWith(rightsOf(isAnywhere ? others : [...others, elsewhere]))
      // a topic is covered by its own pattern
      if (others.some(([, , other]) => other === "lo*") && name === "log" && resource === "topic") continue
      await client.say(frame, { type: "ping" })
      const about = "ref" in frame ? { ref: 1 } : { sub: 1 }
      const problem = {
        code: "forbidden",
        status: 403,
        action: frame["type"] === "describe" ? "see" : action,
        resource,
        name: isAnywhere ? "*" : name,
      }
      expect(client.frames[0]).toMatchObject({ type: "error", ...about, problem })
      expect(client.frames).toHaveLength(2)
      expect(client.frames[1]).toEqual({ type: "pong" })
      expect(client.broker.resolved).toEqual([])
      expect(client.broker.sockets.size).toBe(0)
      expect(client.broker.groups.calls).toEqual([])
      client.session.close(true)
    }
  })

  it.each(FRAMES)("[A8] [W64] %s is let through with just what it asks for", async (_, frame, asked) => {
    const client = clientWith(rightsOf(asked))
    await client.say(frame)
    expect(client.frames.filter(isForbidden)).toEqual([])
    client.session.close(true)
  })

  it("[A8] one that is refused spoils no other, and its number is free", async () => {
    const client = clientWith(rightsOf(onQueue("consume")))
    const subscribe = { type: "subscribe", sub: 1, credit: 1 }
    await client.say([{ ...subscribe, queue: "other" }, { ...subscribe, queue: "jobs" }, MESSAGES])
    expect(client.frames.filter(isForbidden)).toHaveLength(2)
    expect(client.broker.socket("queue/jobs").types).toEqual(["subscribe-queue"])
    client.session.close(true)
  })

  it("[A9] describe takes any action on the topic", async () => {
    for (const action of ["read", "produce", "consume", "manage"] as const) {
      const client = clientWith(rightsOf([[action, "topic", "log"]]))
      await client.say({ type: "describe", ref: 1, topic: "log" })
      expect(client.frames).toMatchObject([{ type: "described", ref: 1 }])
    }
  })

  it("[A10] a heartbeat that changes what a member reads asks for it", async () => {
    const client = clientWith(rightsOf(GROUP))
    await client.say({ ...JOIN, patterns: [] })
    await client.say({ type: "heartbeat", sub: 1, topics: ["log", "other"] })
    await client.say({ type: "heartbeat", sub: 1, topics: ["log"], patterns: ["*"] })
    expect(client.frames.filter(isForbidden)).toMatchObject([
      { problem: { name: "other" } },
      { problem: { name: "*" } },
    ])
    client.session.close(true)
  })
})

it("[W64] the end of the token closes the socket, behind what there is to say, and leases wait", async () => {
  const client = clientWith(null)
  await client.say({ type: "subscribe", sub: 1, queue: "jobs", credit: 1 })
  client.session.receive('{"type":"ping"}')
  client.session.tokenEnded()
  expect(client.frames.at(-1)).toEqual({ type: "pong" })
  expect(client.closedWith?.[0]).toBe(CLOSE_TOKEN_ENDED)
  expect(client.broker.socket("queue/jobs").closedWith).toBe(3001)
  await client.say({ type: "ping" })
  expect(client.frames.filter(({ type }) => type === "pong")).toHaveLength(1)
})

it("[W64] the token's end is waited for no longer than its socket, whoever closed it", async () => {
  const broker = new FakeBroker()
  broker.endsAt = new FakeClock().now() + CLIENT_SILENT_MS + 1
  const ended = new FakeClient(broker)
  ended.clock.pass(CLIENT_SILENT_MS)
  expect(ended.closedWith?.[0]).toBe(CLOSE_SILENT)
  expect(ended.clock.waiting).toBe(0)
  const talking = new FakeClient(broker)
  talking.clock.pass(CLIENT_SILENT_MS - 1)
  await talking.say({ type: "ping" })
  talking.clock.pass(2)
  expect(talking.closedWith?.[0]).toBe(CLOSE_TOKEN_ENDED)
  expect(talking.clock.waiting).toBe(0)
})

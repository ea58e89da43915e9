import { expect } from "vitest"
import { numbered, receipts } from "../support/socket-scene.ts"
import { SocketMember } from "../support/socket-member.ts"
import type { Frame, SocketClient } from "../support/socket-client.ts"
import { eventually } from "../support/http-groups.ts"
import type { SkewScene, Strand } from "./skew-scene.ts"

const LEASE_MS = 600_000

/** What clients do on sockets. */
export function socketStrands(scene: SkewScene): Strand[] {
  return [pushed(scene), published(scene), readers(scene), members(scene), sharers(scene)]
}

async function withSocket(scene: SkewScene, use: (client: SocketClient) => Promise<void>): Promise<void> {
  const client = await scene.connect()
  await use(client)
  expect(await client.close()).toBe(1000)
}

/** The answer to a frame; never an error. */
async function answer(client: SocketClient, ref: number): Promise<Frame> {
  const frame = await client.take((one) => one["ref"] === ref)
  expect(frame, JSON.stringify(frame)).not.toMatchObject({ type: "error" })
  return frame
}

/** Publishes of a producer, to a queue and to a topic, that are said again in the next release. */
function published(scene: SkewScene): Strand {
  const producers: { id: unknown; epoch: unknown }[] = []
  const confirmed: Record<string, readonly unknown[]> = {}
  return {
    name: "published",
    async step(step) {
      await scene.ask("PUT", "/v1/queues/published", {})
      await scene.ask("PUT", "/v1/topics/published", { partitions: 2 })
      await withSocket(scene, async (client) => {
        if (producers.length === 0) {
          client.send({ type: "open-producer", ref: 1 })
          const { producerId: id, epoch } = await answer(client, 1)
          producers.push({ id, epoch })
        }
        client.send({ type: "describe", ref: 2, topic: "published" })
        expect(await answer(client, 2)).toMatchObject({ partitions: 2 })
        for (const target of [{ queue: "published" }, { topic: "published", partition: 1, partitions: 2 }]) {
          const key = JSON.stringify(target)
          if (step > 0) {
            const again = await publish(client, 3, target, step - 1)
            expect(again).toEqual(confirmed[key]!.map((result) => ({ ...(result as object), repeated: true })))
          }
          confirmed[key] = await publish(client, 4, target, step)
          expect(confirmed[key]).toHaveLength(3)
        }
      })
      expect(await scene.statistics("/v1/queues/published")).toMatchObject({ ready: 3 * (step + 1) })
    },
  }

  async function publish(client: SocketClient, ref: number, target: object, step: number): Promise<readonly unknown[]> {
    const entries = numbered(3, 3 * step).map((body) => ({ body }))
    const content = "queue" in target ? { messages: entries } : { records: entries }
    const producer = { ...producers[0], sequence: 3 * step }
    client.send({ type: "publish", ref, ...target, ...content, producer })
    const { type, results } = await answer(client, ref)
    expect(type).toBe("confirm")
    return results as readonly unknown[]
  }
}

/** A subscription that breaks with each deploy, and is resumed by the next release. */
function pushed(scene: SkewScene): Strand {
  let before: { token: unknown; held: Frame } | null = null
  return {
    name: "pushed",
    async step(step) {
      await scene.ask("PUT", "/v1/queues/pushed", { visibilityTimeoutMs: LEASE_MS })
      const client = await scene.connect()
      const resume = before === null ? {} : { resume: { token: before.token, receipts: receipts([before.held]) } }
      client.send({ type: "subscribe", sub: step, queue: "pushed", credit: 10, ...resume })
      const subscribed = await client.take(({ type }) => type === "subscribed" || type === "error")
      expect(subscribed).toMatchObject(before === null ? { type: "subscribed" } : { type: "subscribed", held: 1 })
      await scene.send("/v1/queues/pushed", `${step} done`, `${step} released`, `${step} held`)
      const [done, released, held] = await client.collect(step, 3)
      expect([done!["body"], held!["body"]]).toEqual([`${step} done`, `${step} held`])
      client.send({
        type: "ack",
        ref: 1,
        sub: step,
        receipts: receipts(before === null ? [done!] : [before.held, done!]),
      })
      for (const result of (await answer(client, 1))["results"] as Frame[]) expect(result).toEqual({ ok: true })
      client.send({ type: "nack", ref: 2, queue: "pushed", receipts: receipts([released!]) })
      await answer(client, 2)
      const [again] = await client.collect(step, 1)
      expect(again).toMatchObject({ body: `${step} released`, deliveryCount: 2 })
      client.send({ type: "drain", sub: step })
      await client.takeType("drained")
      client.send({ type: "ack", ref: 3, sub: step, receipts: receipts([again!]) })
      await answer(client, 3)
      // its socket is there until the broker is replaced
      before = { token: subscribed["resume"], held: held! }
    },
  }
}

/** Readers, in text and in batches. */
function readers(scene: SkewScene): Strand {
  return {
    name: "readers",
    async step(step) {
      await scene.ask("PUT", "/v1/topics/read", {})
      await withSocket(scene, async (client) => {
        client.send({ type: "subscribe", sub: 1, topic: "read", partition: 0, from: "earliest", credit: 100 })
        const latest = { topic: "read", partition: 0, from: "latest", credit: 100 }
        client.send({ type: "subscribe", sub: 2, binary: true, ...latest })
        expect(await client.take(({ sub }) => sub === 2)).toMatchObject({ type: "subscribed", nextOffset: 3 * step })
        await scene.append("/v1/topics/read", ...numbered(3, 3 * step).map((body) => ({ body, key: body })))
        const records = await client.collect(1, 3 * step + 3)
        expect(records.map(({ body }) => body)).toEqual(numbered(3 * step + 3))
        const batch = await client.take(({ type, sub }) => type === "deliver" && sub === 2)
        expect(batch).toMatchObject({ nextOffset: 3 * step + 3 })
        client.send({ type: "unsubscribe", sub: 1 })
        await client.takeType("unsubscribed")
      })
    },
  }
}

/** Members of a group. */
function members(scene: SkewScene): Strand {
  return {
    name: "members",
    async step(step) {
      await scene.ask("PUT", "/v1/topics/membered", { partitions: 2 })
      await scene.ask("PUT", "/v1/groups/members", { autoOffsetReset: "earliest", heartbeatIntervalMs: 200 })
      await scene.append("/v1/topics/membered", ...[0, 1].map((partition) => ({ partition, body: step })))
      const member = await SocketMember.join(await scene.connect(), "members", ["membered"], { instanceId: "socket" })
      await eventually(
        () =>
          scene.ask<{ lag: number; partitions: { committedOffset: number }[] }>(
            "GET",
            "/v1/groups/members/offsets?topic=membered",
          ),
        ({ lag, partitions }) => lag === 0 && partitions.every(({ committedOffset }) => committedOffset === step + 1),
      )
      expect([...member.seen].sort()).toEqual([`0/${step}`, `1/${step}`])
      member.client.send({ type: "leave", sub: 0 })
      await member.client.takeType("left")
      expect(await member.client.close()).toBe(1000)
    },
  }
}

/** Share groups. */
function sharers(scene: SkewScene): Strand {
  return {
    name: "sharers",
    async step(step) {
      await scene.ask("PUT", "/v1/topics/socket-shared", {})
      await scene.ask("PUT", "/v1/groups/socket-sharers", { type: "share", autoOffsetReset: "earliest" })
      await withSocket(scene, async (client) => {
        const share = { topic: "socket-shared", share: "socket-sharers" }
        client.send({ type: "subscribe", sub: 1, ...share, partition: 0, credit: 10 })
        await client.takeType("subscribed")
        await scene.append("/v1/topics/socket-shared", { body: `${step} a` }, { body: `${step} b` })
        const records = await client.collect(1, 2)
        expect(records.map(({ body }) => body)).toEqual([`${step} a`, `${step} b`])
        client.send({ type: "ack", ref: 1, ...share, receipts: receipts(records) })
        expect((await answer(client, 1))["results"]).toEqual([{ ok: true }, { ok: true }])
      })
    },
  }
}

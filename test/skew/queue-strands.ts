import { expect } from "vitest"
import { eventually } from "../support/http-groups.ts"
import type { Message } from "../support/http.ts"
import type { SkewScene, Strand } from "./skew-scene.ts"

const LEASE_MS = 600_000
const WAIT_MS = 20_000
const HOUR_MS = 3_600_000

/** What clients do with queues. */
export function queueStrands(scene: SkewScene): Strand[] {
  return [leases(scene), order(scene), repeats(scene), schedule(scene), deadLetters(scene), operator(scene)]
}

/** Messages that were received from one release and are settled by another. */
function leases(scene: SkewScene): Strand {
  const queue = "/v1/queues/leases"
  let held: Message[] = []
  let returned: string | null = null
  return {
    name: "leases",
    async step(phase) {
      await scene.ask("PUT", queue, { visibilityTimeoutMs: LEASE_MS })
      if (held.length > 0) {
        const [acked, nacked, extended] = held.map(({ receipt }) => receipt)
        expect(await scene.settle("extend", queue, { receipts: [extended], visibilityTimeoutMs: LEASE_MS })).toEqual([
          "ok",
        ])
        expect(await scene.settle("ack", queue, { receipts: [acked, extended] })).toEqual(["ok", "ok"])
        expect(await scene.settle("nack", queue, { receipts: [nacked] })).toEqual(["ok"])
        const again = await scene.receiveOne(queue)
        expect(again).toMatchObject({ body: returned, deliveryCount: 2 })
        expect(await scene.settle("ack", queue, { receipts: [again.receipt] })).toEqual(["ok"])
      }
      // waits on a socket between the Worker and the object
      const waiting = scene.receiveOne(queue, { waitMs: WAIT_MS })
      await scene.send(queue, `${phase} first`)
      const first = await waiting
      expect(first).toMatchObject({ body: `${phase} first`, deliveryCount: 1 })
      await scene.send(queue, `${phase} second`, { json: [phase] })
      held = [first, ...(await scene.receive(queue, { maxMessages: 10, attemptId: `attempt-${phase}` }))]
      expect(held.map(({ body }) => body)).toEqual([`${phase} first`, `${phase} second`, { json: [phase] }])
      expect(await scene.receive(queue, { maxMessages: 10, attemptId: `attempt-${phase}` })).toEqual(held.slice(1))
      returned = `${phase} second`
      expect(await scene.statistics(queue)).toMatchObject({ ready: 0, inFlight: 3, sent: 3 * (phase + 1) })
    },
  }
}

/** A group whose messages stay in order, one of them in flight through each deploy. */
function order(scene: SkewScene): Strand {
  const queue = "/v1/queues/order"
  let held: Message | null = null
  const next = async (expected: string): Promise<void> => {
    if (held) expect(await scene.settle("ack", queue, { receipts: [held.receipt] })).toEqual(["ok"])
    held = await scene.receiveOne(queue)
    expect(held.body).toBe(expected)
  }
  return {
    name: "order",
    async step(phase) {
      await scene.ask("PUT", queue, { ordering: "fifo", contentDeduplication: true, visibilityTimeoutMs: LEASE_MS })
      const send = (part: string): Promise<{ messages: unknown[] }> =>
        scene.ask("POST", `${queue}/messages`, { body: `${phase} ${part}`, groupId: "g" })
      for (const part of ["a", "b"]) expect(await send(part)).toEqual(await send(part))
      if (held) expect(await scene.receive(queue)).toEqual([])
      // the last of a phase stays in flight, and holds back what the next one sends
      await next(`${phase} a`)
      await next(`${phase} b`)
    },
  }
}

/** Sends that are said again after a deploy. */
function repeats(scene: SkewScene): Strand {
  const queue = "/v1/queues/repeats"
  const ids: string[] = []
  const send = (phase: number): Promise<{ messages: { id: string }[] }> =>
    scene.ask("POST", `${queue}/messages`, { body: String(phase), dedupId: `id-${phase}` })
  return {
    name: "repeats",
    async step(phase) {
      await scene.ask("PUT", queue, {})
      for (const [earlier, id] of ids.entries()) expect((await send(earlier)).messages).toEqual([{ id }])
      ids.push((await send(phase)).messages[0]!.id)
      expect(new Set(ids).size).toBe(phase + 1)
      expect(await scene.statistics(queue)).toMatchObject({ ready: phase + 1, sent: phase + 1 })
    },
  }
}

/** Messages that wait for their time through deploys. */
function schedule(scene: SkewScene): Strand {
  const queue = "/v1/queues/schedule"
  const waiting: string[] = []
  return {
    name: "schedule",
    async step(phase) {
      await scene.ask("PUT", queue, {})
      for (const [at, id] of waiting.entries())
        expect((await scene.get(`${queue}/messages/${id}`)).body).toMatchObject({
          state: "scheduled",
          body: `later ${at}`,
        })
      const { messages } = await scene.ask<{ messages: { id: string }[] }>("POST", `${queue}/messages`, {
        messages: [
          { body: `later ${phase}`, deliverAt: Date.now() + HOUR_MS },
          { body: `soon ${phase}`, delayMs: 100 },
          { body: `cancelled ${phase}`, delayMs: HOUR_MS },
        ],
      })
      waiting.push(messages[0]!.id)
      expect((await scene.delete(`${queue}/messages/${messages[2]!.id}`)).status).toBe(204)
      const soon = await scene.receiveOne(queue, { waitMs: WAIT_MS })
      expect(soon.body).toBe(`soon ${phase}`)
      expect(await scene.settle("ack", queue, { receipts: [soon.receipt] })).toEqual(["ok"])
      expect(await scene.statistics(queue)).toMatchObject({ scheduled: phase + 1 })
    },
  }
}

/** Letters that go from queue to queue, and back. */
function deadLetters(scene: SkewScene): Strand {
  const [queue, letters] = ["/v1/queues/failing", "/v1/queues/failed"]
  const ready = (path: string, count: number): Promise<unknown> =>
    eventually(
      () => scene.statistics(path),
      (statistics) => statistics["ready"] === count,
    )
  return {
    name: "dead letters",
    async step(phase) {
      await scene.ask("PUT", letters, {})
      await scene.ask("PUT", queue, { maxDeliveries: 1, deadLetterQueue: "failed", visibilityTimeoutMs: LEASE_MS })
      // what the release before left there goes back to where it came from
      const before = phase === 0 ? [] : [`bad ${phase - 1}`]
      await scene.ask("POST", `${letters}/redrive`, {})
      await ready(queue, before.length)
      const back = await scene.receive(queue, { maxMessages: 10 })
      expect(back.map(({ body, deliveryCount }) => [body, deliveryCount])).toEqual(before.map((body) => [body, 1]))
      if (back.length > 0) await scene.settle("ack", queue, { receipts: back.map(({ receipt }) => receipt) })
      await scene.send(queue, `bad ${phase}`)
      const bad = await scene.receiveOne(queue)
      expect(await scene.settle("nack", queue, { receipts: [bad.receipt], error: "no" })).toEqual(["ok"])
      await ready(letters, 1)
      const redrives = await scene.ask<{ redrives: { state: string; moved: number }[] }>("GET", `${letters}/redrive`)
      expect(redrives.redrives[0]).toMatchObject({ state: "done", moved: before.length })
      expect(await scene.statistics(queue)).toMatchObject({ forwarding: 0, deadLettered: phase + 1 })
    },
  }
}

/** What an operator does. */
function operator(scene: SkewScene): Strand {
  const queue = "/v1/queues/operated"
  return {
    name: "operator",
    async step(phase) {
      const settings = { maxInFlight: 100 + phase, retryDelay: { kind: "linear", stepMs: 10, maxMs: 100 } }
      await scene.ask("PUT", queue, settings)
      expect((await scene.get(queue)).body).toMatchObject({ settings })
      const kept = phase === 0 ? [] : [{ body: "kept" }, { body: "edited" }]
      const page = await scene.ask<{ messages: unknown[] }>("GET", `${queue}/messages`)
      expect(page.messages).toMatchObject(kept)
      expect(await scene.ask("DELETE", `${queue}/messages`)).toEqual({ removed: kept.length })
      const [, id] = await scene.send(queue, "kept", "resent")
      const resent = { queue: "operated", body: "edited" }
      expect(await scene.ask("POST", `${queue}/messages/${id}/resend`, resent)).toEqual({ queue: "operated" })
      await eventually(
        () => scene.statistics(queue),
        ({ ready, forwarding }) => ready === 2 && forwarding === 0,
      )
      const [list, one] = await Promise.all([scene.get("/v1/queues?prefix=oper"), scene.get(queue)])
      expect(list.body).toMatchObject({ queues: [{ name: "operated" }], cursor: null })
      expect(one.status).toBe(200)
    },
  }
}

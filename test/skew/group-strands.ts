import { expect } from "vitest"
import { HttpMember, outcomes, settled } from "../support/http-groups.ts"
import type { Shared } from "../support/http-shares.ts"
import { eventually } from "../support/http-groups.ts"
import type { SkewScene, Strand } from "./skew-scene.ts"

const SESSION_MS = 1_800_000
const LOCK_MS = 600_000

/** What clients do with groups. */
export function groupStrands(scene: SkewScene): Strand[] {
  return [consumers(scene), outside(scene), shares(scene)]
}

/** A member that stays through all deploys, and one that comes for a moment in each. */
function consumers(scene: SkewScene): Strand {
  const [topic, group] = ["/v1/topics/consumed", "/v1/groups/consumers"]
  let member: HttpMember | null = null
  let next = [0, 0]
  return {
    name: "consumers",
    async step(step) {
      await scene.ask("PUT", topic, { partitions: 2 })
      await scene.ask("PUT", group, { autoOffsetReset: "earliest", sessionTimeoutMs: SESSION_MS })
      member ??= await HttpMember.join(scene, group, { topics: ["consumed"], instanceId: "steady" })
      await settled([member], 2)
      expect((await scene.ask<{ members: { memberId: string }[] }>("GET", group)).members).toMatchObject([
        { memberId: member.id },
      ])
      await scene.append(topic, ...[0, 1].map((partition) => ({ partition, body: `${step} at ${partition}` })))
      const read = await member.read({}, { 0: next[0]!, 1: next[1]! })
      expect(new Set(read.map(({ body }) => body))).toEqual(new Set([`${step} at 0`, `${step} at 1`]))
      next = next.map((offset) => offset + 1)
      expect(outcomes(await member.commit({ 0: next[0]!, 1: next[1]! }, { metadata: String(step) }))).toEqual(next)
      const other = await HttpMember.join(scene, group, { topics: ["consumed"] })
      await settled([member, other], 2)
      expect([member.partitions.length, other.partitions.length]).toEqual([1, 1])
      expect((await other.leave()).status).toBe(204)
      await settled([member], 2)
      expect(await scene.ask("GET", `${group}/offsets?topic=consumed`)).toMatchObject({
        lag: 0,
        partitions: next.map((committedOffset) => ({ committedOffset, metadata: String(step) })),
      })
    },
  }
}

/** Commits and seeks without a member. */
function outside(scene: SkewScene): Strand {
  const [topic, group] = ["/v1/topics/sought", "/v1/groups/outsiders"]
  const committed = async (): Promise<unknown> => {
    const shown = await scene.ask<{ partitions: { committedOffset: number | null }[] }>(
      "GET",
      `${group}/offsets?topic=sought`,
    )
    return shown.partitions[0]!.committedOffset
  }
  return {
    name: "outside",
    async step(step) {
      await scene.ask("PUT", topic, {})
      await scene.ask("PUT", group, { autoOffsetReset: "earliest" })
      if (step > 0) expect(await committed()).toBe(step)
      await scene.append(topic, { body: step }, { body: step })
      const offsets = [{ topic: "sought", partition: 0, offset: 2 * step + 2 }]
      expect(outcomes(await scene.post(`${group}/offsets`, { offsets }))).toEqual([2 * step + 2])
      await scene.ask("POST", `${group}/seek`, { topic: "sought", to: { offset: step + 1 } })
      expect(await committed()).toBe(step + 1)
    },
  }
}

/** Records that were locked in one release and are settled in another. */
function shares(scene: SkewScene): Strand {
  const share = "/v1/topics/shared/share/sharers"
  let held: Shared["records"] = []
  return {
    name: "shares",
    async step(step) {
      await scene.ask("PUT", "/v1/queues/shared-letters", {})
      await scene.ask("PUT", "/v1/topics/shared", {})
      const deadLetter = { queue: "shared-letters" }
      const settings = { type: "share", autoOffsetReset: "earliest", lockDurationMs: LOCK_MS, deadLetter }
      await scene.ask("PUT", "/v1/groups/sharers", settings)
      if (held.length > 0) {
        const [acked, extended] = held.map(({ receipt }) => receipt)
        await settle("extend", { receipts: [extended], lockDurationMs: LOCK_MS })
        await settle("ack", { receipts: [acked, extended] })
      }
      await scene.append(
        "/v1/topics/shared",
        ...["held", "held too", "bad", "back"].map((body) => ({ body: `${step} ${body}` })),
      )
      const { records, ranges } = await scene.ask<Shared>("POST", `${share}/receive`, {
        maxMessages: 10,
        waitMs: 20_000,
      })
      expect(records.map(({ body }) => body)).toEqual(
        ["held", "held too", "bad", "back"].map((body) => `${step} ${body}`),
      )
      expect(ranges).toMatchObject([{ firstOffset: 4 * step, lastOffset: 4 * step + 3 }])
      await settle("nack", { receipts: [records[2]!.receipt], reject: true })
      await settle("nack", { receipts: [records[3]!.receipt] })
      const again = await scene.ask<Shared>("POST", `${share}/receive`, {})
      expect(again.records).toMatchObject([{ body: `${step} back`, deliveryCount: 2 }])
      await settle("ack", { receipts: [again.records[0]!.receipt] })
      held = records.slice(0, 2)
      await eventually(
        () => scene.statistics("/v1/queues/shared-letters"),
        ({ ready }) => ready === step + 1,
      )
      expect((await scene.ask<{ partitions: unknown[] }>("GET", share)).partitions).toMatchObject([{ locked: 2 }])
    },
  }

  async function settle(verb: string, json: { receipts: readonly unknown[] }): Promise<void> {
    const { results } = await scene.ask<{ results: unknown[] }>("POST", `${share}/${verb}`, json)
    expect(results).toEqual(json.receipts.map(() => ({ ok: true })))
  }
}

import { evictDurableObject } from "cloudflare:test"
import { describe, expect, it } from "vitest"
import { partitionOfKey } from "../../src/core/bytes/murmur2.ts"
import { type Body, GrowingTopic } from "./growing-topic.ts"

const PATIENCE = { timeout: 20_000, interval: 20 }
const encoder = new TextEncoder()

const homeOf = (key: string, partitions: number): number => partitionOfKey(encoder.encode(key), partitions)
const keyFrom = (from: number, partitions: number, to: number, more: number): string =>
  Array.from({ length: 1000 }, (_, index) => `k${index}`).find((key) => {
    return homeOf(key, partitions) === from && homeOf(key, more) === to
  })!

describe("records of one key, while producers append and partitions are added", () => {
  const STEPS = [2, 3, 8]
  const PRODUCERS = 6
  const KEYS_EACH = 5

  it("[S45] [S46] those below the barriers come before those in the new partitions, and none is lost", async () => {
    const topic = await GrowingTopic.create({ partitions: STEPS[0]! })
    const growth = { isOver: false }
    const confirmed = new Map<string, number>()
    const produce = async (producer: number): Promise<void> => {
      for (let round = 0, after = 3; !growth.isOver || after-- > 0; round++) {
        const keys = Array.from({ length: KEYS_EACH }, (_, index) => `${producer}-${index}`)
        const answer = await topic.request("POST", "/records", { records: keys.map((key) => ({ key, body: round })) })
        expect(answer.status).toBe(200)
        for (const result of answer.body["records"] as Body[]) expect(result).not.toHaveProperty("problem")
        for (const key of keys) confirmed.set(key, round + 1)
        // all of it is one process: without a rest no timer would ever be looked at
        await scheduler.wait(1)
      }
    }
    const grow = async (): Promise<void> => {
      for (const partitions of STEPS.slice(1)) {
        await expect
          .poll(() => confirmed.size > 0 && Math.min(...confirmed.values()), PATIENCE)
          .toBeGreaterThan(partitions)
        await topic.slowDown(1)
        expect((await topic.request("PUT", "", { partitions })).status).toBe(200)
      }
    }
    const stop = (): void => {
      growth.isOver = true
    }
    await Promise.all([grow().finally(stop), ...Array.from({ length: PRODUCERS }, (_, producer) => produce(producer))])

    const { incarnation } = await topic.entry()
    const seen = new Map<string, number[]>()
    let from = STEPS.map(() => 0)
    // a group's way through: up to the barriers of all partitions there were, then up to the next ones, then to the end
    for (const [step, partitions] of STEPS.entries()) {
      const next: number[] = []
      for (let index = 0; index < partitions; index++) {
        const barrier =
          step + 1 < STEPS.length ? await topic.partition(index).seal(incarnation, STEPS[step + 1]!) : null
        const until = barrier?.ok === true ? barrier.value : Infinity
        for (const { key, offset, body } of await topic.readAll(index)) {
          if (offset < (from[index] ?? 0) || offset >= until) continue
          expect(homeOf(key, partitions)).toBe(index)
          seen.set(key, [...(seen.get(key) ?? []), Number(body)])
        }
        next.push(until)
      }
      from = next
    }
    expect(seen.size).toBe(PRODUCERS * KEYS_EACH)
    for (const [key, rounds] of seen) {
      expect(rounds).toEqual(Array.from({ length: confirmed.get(key)! }, (_, round) => round))
    }
  })
})

describe("the newest record of a key, after partitions were added", () => {
  const latest = async (topic: GrowingTopic, key: string) => {
    const { status, body } = await topic.request("GET", `/keys/${key}`)
    return status === 200 ? [body["partition"], body["body"]] : body["code"]
  }

  it.each(["preserve", "relaxed"] as const)(
    "[S49] is found where it was, until there is a newer one (%s)",
    async (keyOrder) => {
      const topic = await GrowingTopic.create({ partitions: 2, keyOrder, cleanup: "compact" })
      const key = keyFrom(0, 2, 2, 4)
      const stays = keyFrom(1, 2, 1, 4)
      for (const one of [key, stays]) await topic.request("POST", "/records", { key: one, body: "old" })
      await topic.request("PUT", "", { partitions: 4 })
      expect(await latest(topic, key)).toEqual([0, "old"])
      expect(await latest(topic, stays)).toEqual([1, "old"])
      expect(await latest(topic, "nothing")).toBe("not_found")
      await topic.request("POST", "/records", { key, body: "new" })
      expect(await latest(topic, key)).toEqual([2, "new"])
      await evictDurableObject(topic.partition(0))
      await topic.request("POST", "/records", { key, tombstone: true })
      expect(await latest(topic, key)).toBe("not_found")
    },
  )

  it.each(["preserve", "relaxed"] as const)(
    "[S49] counts by when it came where keys move there and back (%s)",
    async (keyOrder) => {
      const key = Array.from({ length: 1000 }, (_, index) => `k${index}`).find((candidate) => {
        const [first, second, third] = [2, 3, 4].map((count) => homeOf(candidate, count))
        return first === third && first !== second
      })!
      const topic = await GrowingTopic.create({ partitions: 2, keyOrder, cleanup: "compact" })
      await topic.request("POST", "/records", { key, body: "first" })
      await topic.request("PUT", "", { partitions: 3 })
      await topic.request("POST", "/records", { key, body: "second" })
      await topic.request("PUT", "", { partitions: 4 })
      expect(await latest(topic, key)).toEqual([homeOf(key, 3), "second"])
      await topic.request("POST", "/records", { key, body: "third" })
      expect(await latest(topic, key)).toEqual([homeOf(key, 2), "third"])
    },
  )
})

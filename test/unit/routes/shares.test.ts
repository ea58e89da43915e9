import { expect, test, vi } from "vitest"
import { err, ok } from "../../../src/core/result.ts"
import type { CatalogApi, PartitionShareApi } from "../../../src/objects/contract.ts"
import { formatShareReceipt } from "../../../src/protocol/native/receipt.ts"
import { fakeEnv, fakeName, groupEntry, topicEntry } from "./fake-env.ts"
import { request } from "./request.ts"

const STATE = { incarnation: 3, stateId: 5, stateGeneration: 7 }

function receipt(shard: number): string {
  return formatShareReceipt({ ...STATE, shard, offset: 1, attempt: 1, count: 1 })
}

/** A share group in a topic that may grow. */
class FakeShare {
  readonly asked: number[] = []
  readonly getTopic = vi.fn<CatalogApi["getTopic"]>(async () => ok(topicEntry(this.#topic, this.partitions)))
  readonly #topic: string
  readonly #group = "shares"
  partitions = 2

  constructor(topic: string) {
    this.#topic = topic
  }

  async ack(shards: readonly number[]): Promise<unknown> {
    const getGroup = async () => ok(groupEntry(this.#group, 1, { type: "share" }))
    const partitions: Record<string, Partial<PartitionShareApi>> = {}
    for (let index = 0; index < 8; index++) partitions[fakeName(this.#topic, index)] = this.#part(index)
    const env = fakeEnv({ catalog: { getTopic: this.getTopic, getGroup }, partitions })
    const path = `/v1/topics/${this.#topic}/share/${this.#group}/ack`
    const { body } = await request(env, "POST", path, { receipts: shards.map(receipt) })
    const { results } = body as { results: { problem?: { code: string } }[] }
    return results.map(({ problem }) => problem?.code ?? "ok")
  }

  #part(partition: number): Partial<PartitionShareApi> {
    return {
      shareSettle: async (_version, _terms, settlements) => {
        this.asked.push(partition)
        if (partition === 1) return err({ code: "share_not_open" })
        return ok(settlements.map(() => ({ settled: 1, expired: 0 })))
      },
    }
  }
}

test("[H116] receipts of many partitions that there are not ask the catalog once, and no partition", async () => {
  const share = new FakeShare("shares-unknown")
  expect(await share.ack([0])).toEqual(["ok"])
  share.getTopic.mockClear()
  const invalid = Array.from({ length: 100 }, () => "invalid_receipt")
  expect(await share.ack([0, ...invalid.map((_, nth) => 2 + nth)])).toEqual(["ok", ...invalid])
  expect(share.getTopic).toHaveBeenCalledTimes(1)
  expect(share.asked).toEqual([0, 0])
  expect(await share.ack([200])).toEqual(["invalid_receipt"])
})

test("[H116] receipts of partitions that were added meanwhile are settled there", async () => {
  const share = new FakeShare("shares-grown")
  expect(await share.ack([0])).toEqual(["ok"])
  share.partitions = 5
  expect(await share.ack([4, 1, 6])).toEqual(["ok", "invalid_receipt", "invalid_receipt"])
})

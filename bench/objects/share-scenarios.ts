import { DEFAULT_GROUP_SETTINGS } from "../../src/core/group/settings.ts"
import { decodeDeliveries } from "../../src/core/log/delivered.ts"
import type { ShareSettlement, ShareTerms } from "../../src/core/stream/share/commands.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../src/core/stream/settings.ts"
import { objectName } from "../../src/objects/contract.ts"
import { batchOf, FIRST, Tally, valueOf } from "./count.ts"
import type { BenchEnv } from "./env.ts"
import type { Report } from "./report.ts"

const RECORDS = 2_100
const APPENDED_AT_ONCE = 100
/** No lock may run out on a slow machine: its expiry would count as rows. */
const LOCK_DURATION_MS = 60 * 60 * 1000

/** A share group receives and accepts all records of a partition, all of a batch under one receipt for each record. */
export async function shared(env: BenchEnv, batch: number): Promise<Report> {
  const partition = env.PARTITIONS.getByName(objectName("bench", `share-${batch}`, 0))
  const { version, incarnation } = FIRST
  valueOf(await partition.init({ ...FIRST, settings: DEFAULT_TOPIC_SETTINGS }))
  for (let sent = 0; sent < RECORDS; sent += APPENDED_AT_ONCE) {
    valueOf(await partition.append(version, batchOf(APPENDED_AT_ONCE), null))
  }
  const { maxDeliveries, maxLocks, ordering, retryDelay, deadLetter } = DEFAULT_GROUP_SETTINGS
  const settings = { lockDurationMs: LOCK_DURATION_MS, maxDeliveries, maxLocks, ordering, retryDelay, deadLetter }
  const terms: ShareTerms = { group: "bench", generation: 1, version: 1, settings }
  const tally = new Tally(partition)
  await tally.step("open", async () => valueOf(await partition.shareOpen(version, { ...terms, reset: "earliest" })))
  for (let taken = 0; taken < RECORDS; taken += batch) {
    const acks = await tally.step("receive", async () => {
      const request = { maxMessages: batch, lockDurationMs: null }
      const { stateId, stateGeneration, deliveries } = valueOf(await partition.shareReceive(version, terms, request))
      return decodeDeliveries(deliveries).map(({ offset, attempt }): ShareSettlement => {
        const receipt = { incarnation, shard: 0, stateId, stateGeneration, offset, attempt, count: 1 }
        return { kind: "ack", receipt }
      })
    })
    if (acks.length !== batch) throw new Error(`received ${acks.length} of ${batch}`)
    await tally.step("ack", async () => {
      const outcomes = valueOf(await partition.shareSettle(version, terms, acks))
      if (outcomes.some((outcome) => !("settled" in outcome) || outcome.settled !== 1)) throw new Error("not settled")
    })
  }
  return tally.perMessage(RECORDS)
}

import { MAX_READ_BYTES } from "../../src/core/limits.ts"
import { MAX_COMMIT_METADATA_BYTES } from "../../src/core/limits.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../src/core/stream/settings.ts"
import { objectName } from "../../src/objects/contract.ts"
import { batchOf, FIRST, Tally, valueOf } from "./count.ts"
import type { BenchEnv } from "./env.ts"
import type { Report } from "./report.ts"

const RECORDS = 2_100
const COMMITS = 500
const METADATA = "m".repeat(MAX_COMMIT_METADATA_BYTES)
const TAIL_BATCHES = 10_000
const TAIL_FETCHES = 10

/** Appends one batch after the other. */
export async function appends(env: BenchEnv, batch: number): Promise<Report> {
  const partition = await openPartition(env, `append-${batch}`)
  const tally = new Tally(partition)
  const bytes = batchOf(batch)
  await tally.step("append", async () => {
    for (let sent = 0; sent < RECORDS; sent += batch) valueOf(await partition.append(FIRST.version, bytes, null))
  })
  return tally.perMessage(RECORDS)
}

/** As `appends`, by a producer whose repeats are recognised. */
export async function producerAppends(env: BenchEnv, batch: number): Promise<Report> {
  const partition = await openPartition(env, `producer-${batch}`)
  const tally = new Tally(partition)
  const bytes = batchOf(batch)
  await tally.step("append", async () => {
    for (let sequence = 0; sequence < RECORDS; sequence += batch) {
      const producer = { producerId: 1, epoch: 0, sequence }
      valueOf(await partition.append(FIRST.version, bytes, { producer, expectedOffset: null }))
    }
  })
  return tally.perMessage(RECORDS)
}

/** Fetches of the newest batch, and of nothing yet, behind 10,000 batches of which each is a row. Per fetch. */
export async function tailFetches(env: BenchEnv, batch: number): Promise<Report> {
  const partition = await openPartition(env, `tail-${batch}`)
  const bytes = batchOf(batch)
  for (let sent = 0; sent < TAIL_BATCHES; sent++) valueOf(await partition.append(FIRST.version, bytes, null))
  const endOffset = TAIL_BATCHES * batch
  const fetch = async (offset: number, expectedCount: number): Promise<void> => {
    const limits = { maxRecords: Number.MAX_SAFE_INTEGER, maxBytes: MAX_READ_BYTES }
    const { nextOffset } = valueOf(await partition.read(FIRST.version, { offset, ...limits }))
    if (nextOffset !== offset + expectedCount) throw new Error(`a fetch at ${offset} went on to ${nextOffset}`)
  }
  const tally = new Tally(partition)
  for (let round = 0; round < TAIL_FETCHES; round++) {
    await tally.step("newest batch", () => fetch(endOffset - batch, batch))
    await tally.step("at the end", () => fetch(endOffset, 0))
  }
  return tally.perMessage(TAIL_FETCHES)
}

/** Creates a partition object under a name that no other scenario uses. */
async function openPartition(env: BenchEnv, name: string) {
  const partition = env.PARTITIONS.getByName(objectName("bench", name, 0))
  valueOf(await partition.init({ ...FIRST, settings: DEFAULT_TOPIC_SETTINGS }))
  return partition
}

/** A member of a group commits its offset after each batch, first without and then with all the metadata there may be. */
export async function offsetCommits(env: BenchEnv, batch: number): Promise<Report> {
  const partition = env.PARTITIONS.getByName(objectName("bench", `commit-${batch}`, 0))
  const { version } = FIRST
  valueOf(await partition.init({ ...FIRST, settings: DEFAULT_TOPIC_SETTINGS }))
  for (let sent = 0; sent < COMMITS * batch; sent += 100) {
    valueOf(await partition.append(version, batchOf(100), null))
  }
  const owner = { group: "bench", generation: 1, memberId: "bench", epoch: 1 }
  valueOf(await partition.grant(version, { ...owner, reset: "earliest", seek: null, limit: null }))
  const tally = new Tally(partition)
  for (const [step, metadata] of [
    ["commit", ""],
    ["with metadata", METADATA],
  ] as const) {
    await tally.step(step, async () => {
      for (let offset = batch; offset <= COMMITS * batch; offset += batch) {
        valueOf(await partition.commitOffset(version, { ...owner, offset, metadata, append: null }))
      }
    })
  }
  return tally.perMessage(COMMITS)
}

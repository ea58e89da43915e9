import { DEFAULT_TOPIC_SETTINGS } from "../../src/core/stream/settings.ts"
import { objectName } from "../../src/objects/contract.ts"
import { batchOf, FIRST, Tally, valueOf } from "./count.ts"
import type { BenchEnv } from "./env.ts"
import type { Report } from "./report.ts"

const RECORDS = 2_100

/** Appends one batch after the other. */
export async function appends(env: BenchEnv, batch: number): Promise<Report> {
  const partition = env.PARTITIONS.getByName(objectName("bench", `append-${batch}`, 0))
  valueOf(await partition.init({ ...FIRST, settings: DEFAULT_TOPIC_SETTINGS }))
  const tally = new Tally(partition)
  const bytes = batchOf(batch)
  await tally.step("append", async () => {
    for (let sent = 0; sent < RECORDS; sent += batch) valueOf(await partition.append(FIRST.version, bytes, null))
  })
  return tally.perMessage(RECORDS)
}

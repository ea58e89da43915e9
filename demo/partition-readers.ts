import type { ReadFrom, Topic } from "../src/client/index.ts"
import type { Flight } from "./data.ts"
import type { Partitions, ReadFlight } from "./flight-checks.ts"
import { type Address, get } from "./http.ts"
import type { Step } from "./progress.ts"

interface Page {
  readonly records: readonly (Omit<ReadFlight, "value"> & { readonly body: Flight })[]
  readonly nextOffset: number
  readonly endOffset: number
}

const PAGE_RECORDS = 1000
/** Records that may wait for the loop: enough to keep the socket busy, little enough to see that it is obeyed. */
const PREFETCH = 4_000

/** Reads every partition of a topic to its end by `GET …/records`. */
export function readByHttp(address: Address, topic: string, partitions: number, step: Step): Promise<Partitions> {
  const all = Array.from({ length: partitions }, (_, partition) => `/topics/${topic}/partitions/${partition}/records`)
  return Promise.all(all.map((path) => readPages(address, path, step)))
}

async function readPages(address: Address, path: string, step: Step): Promise<ReadFlight[]> {
  const records: ReadFlight[] = []
  for (let from = 0; ;) {
    const page = await get<Page>(address, `${path}?from=${from}&maxRecords=${PAGE_RECORDS}`)
    records.push(...page.records.map(({ body, ...record }) => ({ ...record, value: body })))
    step.advance(page.records.length)
    if (page.nextOffset >= page.endOffset) return records
    if (page.nextOffset <= from) throw new Error(`${path} does not get on: ${JSON.stringify(page)}`)
    from = page.nextOffset
  }
}

/** Reads every partition to its end with the client, all at once. */
export async function readByClient(
  topic: Topic<string, Flight>,
  partitions: number,
  from: ReadFrom,
  step: Step,
): Promise<Partitions> {
  const read: ReadFlight[][] = Array.from({ length: partitions }, () => [])
  for await (const record of topic.read({ from, until: "end", prefetch: PREFETCH })) {
    read[record.partition]!.push(record)
    step.advance(1)
  }
  return read
}

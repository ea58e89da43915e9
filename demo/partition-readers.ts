import { call, type Connection } from "./client.ts"
import type { ReadRecord, RecordDelivery } from "./frames.ts"
import type { Step } from "./progress.ts"
import { DemoSocket } from "./socket.ts"

/** What was read, by partition. */
export type Partitions = readonly (readonly ReadRecord[])[]

interface Page {
  readonly records: readonly ReadRecord[]
  readonly nextOffset: number
  readonly endOffset: number
}

const PAGE_RECORDS = 1000
/** Asked for ahead of what has arrived: enough to keep the socket busy, little enough to see that it is obeyed. */
const CREDIT_RECORDS = 500

/** Reads every partition to its end by `GET …/records`, partition p from `from[p]` on. */
export function readByHttp(
  connection: Connection,
  topic: string,
  from: readonly number[],
  step: Step,
): Promise<Partitions> {
  return Promise.all(from.map((offset, partition) => readPartition(connection, topic, { partition, offset }, step)))
}

async function readPartition(
  connection: Connection,
  topic: string,
  from: { readonly partition: number; readonly offset: number },
  step: Step,
): Promise<ReadRecord[]> {
  const records: ReadRecord[] = []
  let nextOffset = from.offset
  for (;;) {
    const path = `/topics/${topic}/partitions/${from.partition}/records?from=${nextOffset}&maxRecords=${PAGE_RECORDS}`
    const page = await call<Page>(connection, "GET", path)
    records.push(...page.records)
    step.advance(page.records.length)
    if (page.nextOffset >= page.endOffset) return records
    if (page.nextOffset <= nextOffset) throw new Error(`GET ${path} does not get on: ${JSON.stringify(page)}`)
    nextOffset = page.nextOffset
  }
}

/** Reads every partition by subscriptions on one socket, partition p up to `ends[p]`; counts what came unasked. */
export async function readBySocket(
  connection: Connection,
  topic: string,
  ends: readonly number[],
  step: Step,
): Promise<{ readonly partitions: Partitions; readonly beyondCredit: number }> {
  const socket = await DemoSocket.open(connection)
  let beyondCredit = 0
  const read = ends.map((end, partition) => {
    const records: ReadRecord[] = []
    let granted = CREDIT_RECORDS
    const whole = Promise.withResolvers<readonly ReadRecord[]>()
    if (end === 0) whole.resolve(records)
    const deliver = (delivery: RecordDelivery): void => {
      records.push(...delivery.records)
      step.advance(delivery.records.length)
      beyondCredit += Math.max(0, Math.min(delivery.records.length, records.length - granted))
      if (delivery.nextOffset >= end) whole.resolve(records)
      if (granted - records.length > CREDIT_RECORDS / 2) return
      granted = records.length + CREDIT_RECORDS
      socket.grant(sub, granted)
    }
    const sub = socket.subscribePartition(topic, { partition, from: "earliest" }, CREDIT_RECORDS, deliver)
    return whole.promise
  })
  const partitions = await Promise.race([Promise.all(read), socket.failed])
  socket.close()
  return { partitions, beyondCredit }
}

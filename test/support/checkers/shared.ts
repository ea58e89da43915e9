import type { Append, Send } from "./history.ts"

/**
 * A share group makes a queue of a topic, and promises what a queue does [P1, P7, P13, P23]: so a history has each of them
 * as a queue, under a name that no queue has, and the checkers of queues check it. What is appended is a send to it, and
 * what it hands out is delivered with `sharedId` and `sharedGroup`; where a group keeps the order of keys it is `fifo`.
 */
export function sharedSend(queue: string, append: Append): Send {
  const { client, partition, records, calledAt, answeredAt, offsets } = append
  const messages = records.map(({ value, key }) => {
    return { value, group: sharedGroup(partition, key), dedupId: null, delayMs: 0 }
  })
  const results = offsets && records.map((_, nth) => resultOf(partition, offsets[nth]))
  return { kind: "send", client, queue, messages, calledAt, answeredAt, results }
}

/** What stands for the id of a message, also in the headers of a dead letter [P14]. */
export function sharedId(partition: number, offset: number): string {
  return `${partition}/${offset}`
}

/** What keeps its order: the records of a key in a partition; null for a record without one. */
export function sharedGroup(partition: number, key: string | null): string | null {
  return key === null ? null : `${partition} ${key}`
}

function resultOf(partition: number, offset: number | undefined): { id: string } | { refused: string } {
  return offset === undefined ? { refused: "not appended" } : { id: sharedId(partition, offset) }
}

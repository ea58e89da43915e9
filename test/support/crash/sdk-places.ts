import type { Client } from "../../../src/client/index.ts"
import { sharedGroup, sharedId } from "../checkers/shared.ts"
import { deadLetterOf, groupOf } from "./places.ts"
import type { Arrived, ArrivalPlace } from "./sdk-receiver.ts"
import { type QueueName, type ShareName, shareQueue, SOCKET_LEASE_MS } from "./settings.ts"

/** How many are held at once; what waits for its turn in the client looks lost to everybody else meanwhile. */
const PREFETCH = 20

/** A queue, received from over a socket. */
export function sdkQueuePlace(queue: QueueName): ArrivalPlace {
  const open = (client: Client): AsyncIterableIterator<Arrived> => {
    return mapped(client.queue<string>(queue).messages(OPTIONS), ({ id, body, groupId, headers }) => ({
      value: body,
      id,
      group: groupOf(groupId ?? null, headers),
      deadLetter: deadLetterOf(headers),
    }))
  }
  return { queue, leaseMs: SOCKET_LEASE_MS, blames: false, open }
}

/** A share group of the topic `shared`, likewise. */
export function sdkSharePlace(share: ShareName): ArrivalPlace {
  const open = (client: Client): AsyncIterableIterator<Arrived> => {
    const records = client.topic<string>("shared").share(share).messages(OPTIONS)
    return mapped(records, ({ partition, offset, key, value }) => ({
      value: value!,
      id: sharedId(partition, offset),
      group: sharedGroup(partition, key),
      deadLetter: null,
    }))
  }
  return { queue: shareQueue(share), leaseMs: SOCKET_LEASE_MS, blames: true, open }
}

const OPTIONS = { prefetch: PREFETCH, visibilityTimeoutMs: SOCKET_LEASE_MS }

function mapped<T extends Omit<Arrived, "seen">>(
  loop: AsyncIterableIterator<T>,
  seenOf: (one: T) => Arrived["seen"],
): AsyncIterableIterator<Arrived> {
  const next = async (): Promise<IteratorResult<Arrived>> => {
    const result = await loop.next()
    return result.done === true
      ? { done: true, value: undefined }
      : { done: false, value: Object.assign(result.value, { seen: seenOf(result.value) }) }
  }
  const end = async (): Promise<IteratorResult<Arrived>> => {
    await loop.return?.()
    return { done: true, value: undefined }
  }
  const iterator: AsyncIterableIterator<Arrived> = { next, return: end, [Symbol.asyncIterator]: () => iterator }
  return iterator
}

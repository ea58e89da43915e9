import { decodeDeliveries } from "../../src/core/log/delivered.ts"
import type { Settlement } from "../../src/core/queue/commands.ts"
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from "../../src/core/queue/settings.ts"
import { objectName } from "../../src/objects/contract.ts"
import { FIRST, valueOf } from "./count.ts"
import type { BenchEnv } from "./env.ts"

/** No lease may run out on a slow machine: its expiry would count as rows. */
const VISIBILITY_TIMEOUT_MS = 60 * 60 * 1000

/** A queue object of its own. */
export type Queue = Awaited<ReturnType<typeof openQueue>>

/** Creates a queue object under a name that no other scenario uses. */
export async function openQueue(env: BenchEnv, name: string, wanted: Partial<QueueSettings> = {}) {
  const queue = env.QUEUES.getByName(objectName("bench", name, 0))
  const settings = { ...DEFAULT_QUEUE_SETTINGS, visibilityTimeoutMs: VISIBILITY_TIMEOUT_MS, ...wanted }
  valueOf(await queue.init({ ...FIRST, settings }))
  return queue
}

/** Sends a batch that must be taken. */
export async function send(queue: Queue, batch: Uint8Array): Promise<void> {
  const { results } = valueOf(await queue.send(FIRST.version, batch))
  if (results.some((result) => typeof result !== "number")) throw new Error(JSON.stringify(results))
}

/** Receives a full batch and answers the acknowledgements for it. */
export async function receive(queue: Queue, maxMessages: number): Promise<Settlement[]> {
  const acks = await receiveSome(queue, maxMessages, null)
  if (acks.length !== maxMessages) throw new Error(`received ${acks.length} of ${maxMessages}`)
  return acks
}

/** Receives what there is of a batch and answers the acknowledgements for it. */
export async function receiveSome(queue: Queue, maxMessages: number, attemptId: string | null): Promise<Settlement[]> {
  const request = { maxMessages, visibilityTimeoutMs: null, attemptId }
  const { deliveries } = valueOf(await queue.receive(FIRST.version, request))
  const { incarnation } = FIRST
  return decodeDeliveries(deliveries).map(({ offset, attempt }): Settlement => {
    return { kind: "ack", receipt: { incarnation, shard: 0, stateId: 0, stateGeneration: 0, offset, attempt } }
  })
}

/** Settles what must be there to be settled. */
export async function settle(queue: Queue, settlements: readonly Settlement[]): Promise<void> {
  const results = valueOf(await queue.settle(FIRST.version, settlements))
  if (results.some((failure) => failure !== null)) throw new Error(JSON.stringify(results))
}

/** One round after the other. */
export async function repeat(rounds: number, work: (round: number) => Promise<unknown>): Promise<void> {
  for (let round = 0; round < rounds; round++) await work(round)
}

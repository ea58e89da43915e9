import { batchOf } from "./count.ts"
import type { BenchEnv } from "./env.ts"
import { openQueue, receiveSome, send, settle } from "./queue-client.ts"

const SEND_BATCH = 1000

/** Messages for a fifo queue: message `n` belongs to group `n % groups`. */
export interface Fill {
  readonly from: number
  readonly messages: number
  readonly groups: number
  /** Keeps groups apart from those of another fill. */
  readonly prefix: string
}

/** Receives one after the other, each acknowledged before the next unless it is held. */
export interface Drain {
  readonly rounds: number
  readonly batch: number
  readonly held: boolean
}

/** Sends messages to a fifo queue, which is created where it does not exist. */
export async function fill(env: BenchEnv, name: string, { from, messages, groups, prefix }: Fill): Promise<void> {
  const queue = await openQueue(env, name, { ordering: "fifo" })
  for (let sent = 0; sent < messages; sent += SEND_BATCH) {
    const count = Math.min(SEND_BATCH, messages - sent)
    await send(
      queue,
      batchOf(count, (index) => ({ groupId: `${prefix}${(from + sent + index) % groups}` })),
    )
  }
}

/** Answers how many messages came. */
export async function drain(env: BenchEnv, name: string, { rounds, batch, held }: Drain): Promise<number> {
  const queue = await openQueue(env, name, { ordering: "fifo" })
  let messages = 0
  for (let round = 0; round < rounds; round++) {
    const acks = await receiveSome(queue, batch, null)
    messages += acks.length
    if (!held) await settle(queue, acks)
  }
  return messages
}

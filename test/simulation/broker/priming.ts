import type { Habits } from "./handling.ts"
import { receive, settle } from "./receiving.ts"
import { askUntilSure, listOf, type Scene } from "./scene.ts"
import { sendOnce } from "./sending.ts"
import { shareOnce } from "./sharing.ts"

const BATCH = 500
const KEYS = 50
const MOSTLY: Habits = { ack: 0.97, nack: 0, reject: 0, extend: 0 }
/** They come back while the others work. */
const VISIBILITY_MS = 2_000

/**
 * Brings a queue to where its pages are many: of `count` messages all but one in `keptOf` are done, and those lie apart,
 * so that one commit concerns many pages.
 */
export async function prime(scene: Scene, queue: string, count: number, keptOf: number): Promise<void> {
  const who = { client: `primer of ${queue}`, queue }
  for (let sent = 0; sent < count; sent += BATCH) {
    const messages = Array.from({ length: BATCH }, (_, index) => ({
      value: `${queue}:primer:${sent + index}`,
      group: null,
      dedupId: null,
      delayMs: 0,
    }))
    await sendOnce(scene, who, messages)
  }
  for (let taken = 0; taken < count; taken += BATCH) {
    const options = { maxMessages: BATCH, waitMs: 0, visibilityTimeoutMs: VISIBILITY_MS, attemptId: null }
    const held = await receive(scene, who, options)
    const done = held.filter((_, index) => (taken + index) % keptOf !== 0)
    await settle(scene, who, { kind: "ack", ms: 0, held: done })
  }
}

/** The same for a share group in the first partition of its topic. */
export async function primeShare(scene: Scene, topic: string, group: string): Promise<void> {
  const client = `primer of ${topic}`
  const count = scene.random.between(1, 4) * BATCH
  for (let made = 0; made < count; made += BATCH) {
    const records = Array.from({ length: BATCH }, (_, index) => ({
      value: `${topic}:primer:${made + index}`,
      key: `k${index % KEYS}`,
    }))
    const body = { records: records.map(({ value, key }) => ({ body: value, key, partition: 0 })) }
    const {
      calledAt,
      answeredAt,
      body: appended,
    } = await askUntilSure(scene, "POST", `/v1/topics/${topic}/records`, body)
    const offsets = listOf(appended, "records").map(({ offset }) => Number(offset))
    const place = { client, topic, partition: 0, producer: null }
    scene.recorder.add({ kind: "append", ...place, records, calledAt, answeredAt, offsets })
  }
  for (let taken = 0; taken < count; taken += BATCH) {
    await shareOnce(scene, { client, group, topic }, 0, VISIBILITY_MS, MOSTLY, BATCH)
  }
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { decodeSubmissions } from "../../src/core/log/submission.ts"
import type { Queue } from "../../src/core/queue/queue.ts"
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/queue/settings.ts"
import { readFrame } from "../../src/protocol/native/message-json.ts"
import { damagedPart } from "../../src/store/damage.ts"
import { createIdentity, readIdentity } from "../../src/store/identity-store.ts"
import { QueueStore } from "../../src/store/queue-store.ts"
import { NodeDatabase } from "../support/node-database.ts"
import { batchOf, valueOf } from "../workers/support.ts"

const MESSAGES = 60
const RECEIVED = 20
const NOW = 1_800_000_000_000
/** When all leases have run out. */
const LATER = NOW + 60_000
const RECEIVE = { maxMessages: RECEIVED, visibilityTimeoutMs: null, attemptId: null }
/** A prime, so that it comes to all kinds of places: some six hundred of them. */
const STRIDE_BYTES = 173
const IDENTITY = { name: "jobs", incarnation: 1, shard: 0, targetOf: (queue: string): string => queue }

const folder = mkdtempSync(join(tmpdir(), "millrace-bits-"))
const path = join(folder, "queue.sqlite")

afterAll(() => rmSync(folder, { recursive: true }))

function openQueue(database: NodeDatabase): { readonly queue: Queue; readonly store: QueueStore } {
  const store = new QueueStore(database)
  return { queue: store.load(IDENTITY, DEFAULT_QUEUE_SETTINGS, () => 0.5), store }
}

/** A queue of messages of which some are acknowledged, some in flight. */
function writeQueue(): void {
  const database = new NodeDatabase(path)
  database.transaction(() => createIdentity(database, "queue", { incarnation: 1, version: 1, settings: "{}" }))
  const { queue, store } = openQueue(database)
  const commit = (): void => void database.transaction(() => store.write(queue.takeChanges(store.nextSeq(), NOW)))
  for (let number = 0; number < MESSAGES; number++) {
    queue.send(decodeSubmissions(batchOf([`${number} ${"x".repeat(number % 3 === 0 ? 1_500 : 50)}`])), NOW)
    commit()
  }
  const received = queue.receive(RECEIVE, NOW)
  if (!received.ok) throw new Error(received.error.code)
  for (const { offset, attempt } of received.value.slice(0, RECEIVED / 2)) {
    const receipt = { incarnation: 1, shard: 0, stateId: 0, stateGeneration: 0, offset, attempt }
    expect(queue.settle({ kind: "ack", receipt }, NOW)).toBeNull()
  }
  commit()
  database.close()
}

/** What can be received, with how many are said to be damaged; null where the whole is. */
function readQueue(): { readonly values: readonly string[]; readonly damaged: number } | null {
  let database: NodeDatabase | null = null
  try {
    database = new NodeDatabase(path)
    if (readIdentity(database, "queue")?.state !== "live") return null
    const { queue } = openQueue(database)
    queue.expire(LATER)
    const received = queue.receive({ ...RECEIVE, maxMessages: 2 * MESSAGES }, LATER)
    if (!received.ok) throw new Error(received.error.code)
    const records = received.value.map(({ frame }) => readFrame(frame))
    const values = records.flatMap((record) => (record === null ? [] : [valueOf(record)]))
    return { values, damaged: records.length - values.length }
  } catch (error) {
    if (damagedPart(error) !== null || isOfSchema(error)) return null
    throw error
  } finally {
    database?.close()
  }
}

/** Where the text of a table's definition changed, and still is SQL. */
function isOfSchema(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("no such column")
}

it("[K4] [K6] a bit that changes anywhere in a database loses no message without a word, and makes up none", () => {
  writeQueue()
  const whole = readFileSync(path)
  const expected = readQueue()!
  expect(expected).toMatchObject({ damaged: 0 })
  expect(expected.values).toHaveLength(MESSAGES - RECEIVED / 2)
  let noticed = 0
  for (let at = 0; at < whole.length; at += STRIDE_BYTES) {
    writeFileSync(path, whole.with(at, whole[at]! ^ (1 << (at % 8))))
    const found = readQueue()
    if (found === null || found.damaged > 0) noticed++
    if (found === null) continue
    expect(expected.values, `byte ${at}`).toEqual(expect.arrayContaining([...found.values]))
    const missing = expected.values.length - new Set(found.values).size
    expect(missing, `byte ${at}`).toBeLessThanOrEqual(found.damaged)
  }
  expect(noticed).toBeGreaterThan(100)
})

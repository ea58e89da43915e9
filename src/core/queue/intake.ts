import { oldestNotInFlight } from "../delivery/inspect.ts"
import type { Failure } from "../errors.ts"
import { MAX_DATABASE_BYTES, MAX_EXPIRED_PER_COMMIT, MAX_STORED_BYTES } from "../limits.ts"
import type { Submissions } from "../log/submission.ts"
import { err, ok, type Result } from "../result.ts"
import type { SendResult } from "./commands.ts"
import type { QueueState } from "./queue-state.ts"

/** When a sender should try a full queue again. */
const RETRY_AFTER_MS = 1_000

/** Where moved frames come from, and the highest sequence taken from there. */
export interface MoveSource {
  readonly name: string
  readonly incarnation: number
  readonly seq: number
}

/** What was taken in, and why not more. */
export interface Intake {
  readonly ids: readonly number[]
  readonly refused: Failure | null
}

/** Takes in a batch: an id or a failure for each message, in order. A failure of the whole has changed nothing. */
export function takeIn(state: QueueState, batch: Submissions, now: number): Result<readonly SendResult[], Failure> {
  const closed = closedTo(state, batch.frameBytes)
  if (closed) return err(closed)
  const results: SendResult[] = []
  // once one is refused, so are all behind it: a later one of its group must not overtake it
  let refused: Failure | null = null
  for (let index = 0; index < batch.count; index++) {
    const result: SendResult = repeatOf(state, batch, index, now) ?? refused ?? enter(state, batch, index, now)
    if (typeof result !== "number") refused = result
    results.push(result)
  }
  return ok(results)
}

/** Takes in the messages of a batch from `from` on, up to the first that is refused, which has no repeat behind it. */
export function takeInUpToRefusal(
  state: QueueState,
  batch: Submissions,
  from: number,
  now: number,
): Result<Intake, Failure> {
  const bytes = batch.lengths.slice(from).reduce((sum, length) => sum + length, 0)
  const closed = closedTo(state, bytes)
  if (closed) return err(closed)
  const ids: number[] = []
  for (let index = from; index < batch.count; index++) {
    const result = repeatOf(state, batch, index, now) ?? enter(state, batch, index, now)
    if (typeof result !== "number") return ok({ ids, refused: result })
    ids.push(result)
  }
  return ok({ ids, refused: null })
}

/** Takes the frames that another queue moved here and that were not taken before; answers the highest sequence. */
export function takeMoved(state: QueueState, batch: Submissions, seqs: readonly number[], source: MoveSource): number {
  // a call that is repeated before the first one was answered may be in the same commit
  const known = Math.max(source.seq, state.takenNow(source.name, source.incarnation))
  let highest = known
  for (let index = 0; index < batch.count; index++) {
    if (seqs[index]! <= highest) continue
    state.append(frameAt(batch, index), batch.keyHashes[index]!, state.counters.nextMessageId++, 0)
    highest = seqs[index]!
  }
  if (highest > known) {
    state.took({ source: source.name, incarnation: source.incarnation, seq: highest })
  }
  return highest
}

/** Why nothing can be taken in, or null. */
function closedTo(state: QueueState, bytes: number): Failure | null {
  if (state.settings.sendingPaused) return { code: "queue_paused" }
  const isFull = state.bytes + bytes > MAX_STORED_BYTES || state.databaseBytes > MAX_DATABASE_BYTES
  return isFull ? { code: "storage_full" } : null
}

/** Why the message's deduplication id could not be remembered, or null. */
function dedupRoom(state: QueueState, batch: Submissions, index: number, now: number): Failure | null {
  if (!batch.dedupKeys[index] || state.settings.dedupWindowMs === 0 || state.dedup.hasRoomFor(1, now)) return null
  return { code: "dedup_full", retryAfterMs: RETRY_AFTER_MS }
}

/** The id of the first message with the same deduplication id, or null. */
export function repeatedId(state: QueueState, batch: Submissions, index: number, now: number): number | null {
  const dedupKey = batch.dedupKeys[index]
  const id = dedupKey ? state.dedup.find(dedupKey, now) : null
  return id !== null && id >= state.counters.dedupFrom ? id : null
}

/** The id that answers a repeat, which is counted, or null. */
function repeatOf(state: QueueState, batch: Submissions, index: number, now: number): number | null {
  const id = repeatedId(state, batch, index, now)
  if (id !== null) state.counters.deduplicated++
  return id
}

/** Takes in one message that is no repeat, or says why not. */
function enter(state: QueueState, batch: Submissions, index: number, now: number): SendResult {
  const refused = dedupRoom(state, batch, index, now) ?? makeRoom(state, batch.lengths[index]!, now)
  return refused ?? takeInOne(state, batch, index, now)
}

function takeInOne(state: QueueState, batch: Submissions, index: number, now: number): number {
  const { counters, settings } = state
  const messageId = counters.nextMessageId++
  const keyHash = batch.keyHashes[index]!
  const frame = frameAt(batch, index)
  const ttlMs = batch.ttlsMs[index]!
  const delayMs = batch.delaysMs[index]!
  const dueAt = delayMs > 0 ? now + delayMs : batch.deliverAts[index]!
  // the queue's delay is served in the log, so that the later of the two counts
  if (dueAt - settings.delayMs > now) {
    const entersAt = dueAt - settings.delayMs
    const expiresAt = ttlMs === 0 ? 0 : entersAt + ttlMs
    state.schedule.add({ messageId, dueAt: entersAt, sentAt: now, keyHash, expiresAt, frame })
  } else {
    state.append(frame, keyHash, messageId, ttlMs === 0 ? 0 : state.appendTime(now) + ttlMs)
  }
  const dedupKey = batch.dedupKeys[index]
  if (dedupKey && settings.dedupWindowMs > 0) state.dedup.add(dedupKey, messageId, now + settings.dedupWindowMs)
  counters.sent++
  return messageId
}

/** Makes a full queue take one more message of `bytes`, or says that it can't. */
function makeRoom(state: QueueState, bytes: number, now: number): Failure | null {
  const { maxMessages, maxBytes, overflow } = state.settings
  if (maxMessages === null && maxBytes === null) return null
  const isFull = (): boolean =>
    (maxMessages !== null && state.messages >= maxMessages) || (maxBytes !== null && state.bytes + bytes > maxBytes)
  const full: Failure = { code: "queue_full", retryAfterMs: RETRY_AFTER_MS }
  // nothing is let go for a message that would not fit an empty queue
  if (isFull() && (overflow === "reject" || (maxBytes !== null && bytes > maxBytes))) return full
  // a limit that was lowered far below what is there is reached in steps
  for (let gone = 0; isFull(); gone++) {
    const offset = oldestNotInFlight(state.delivery, state.log)
    const isOver = gone >= MAX_EXPIRED_PER_COMMIT || (overflow === "dead-letter" && state.departuresLeft === 0)
    if (offset === null || isOver) return full
    state.expel(offset, "overflow", now)
  }
  return null
}

function frameAt({ frames, positions, lengths }: Submissions, index: number): Uint8Array {
  const start = positions[index]!
  return frames.subarray(start, start + lengths[index]!)
}

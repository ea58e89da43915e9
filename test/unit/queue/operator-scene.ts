import { CorruptError } from "../../../src/core/bytes/corrupt.ts"
import { keyHash } from "../../../src/core/bytes/key-hash.ts"
import type { Failure } from "../../../src/core/errors.ts"
import { decodeFrame, encodeFrame } from "../../../src/core/log/frame.ts"
import { decodeSubmissions, SubmissionWriter } from "../../../src/core/log/submission.ts"
import { deadLetterFrame } from "../../../src/core/queue/dead-letter.ts"
import { browse } from "../../../src/core/queue/operator/browse.ts"
import type {
  BrowsedMessage,
  BrowseReply,
  BrowseRequest,
  MessageFilter,
  MessageState,
  PurgeCursor,
  PurgeReply,
  PurgeRequest,
} from "../../../src/core/queue/operator/commands.ts"
import { type Place, search } from "../../../src/core/queue/operator/find.ts"
import { purge } from "../../../src/core/queue/operator/purge.ts"
import { removeMessage } from "../../../src/core/queue/operator/remove.ts"
import { resend } from "../../../src/core/queue/operator/resend.ts"
import type { Result } from "../../../src/core/result.ts"
import type { QueueScene } from "./scene.ts"

const encoder = new TextEncoder()

/** A filter that everything matches but for what is given. */
export function filterOf(given: Partial<MessageFilter> = {}): MessageFilter {
  return { reason: null, header: null, groupId: null, sentAfter: null, sentBefore: null, ...given }
}

/** A frame with text, headers and a group. */
export function frameOf(body: string, headers: Readonly<Record<string, string>> = {}, groupId?: string): Uint8Array {
  return encodeFrame({
    format: "text",
    value: encoder.encode(body),
    key: groupId === undefined ? null : encoder.encode(groupId),
    headers: Object.entries(headers).map(([name, value]) => {
      return { name: encoder.encode(name), value: encoder.encode(value) }
    }),
    producedAt: null,
  })
}

/** The frame as it arrives from a queue that gave up on it. */
export function deadLetterOf(
  frame: Uint8Array,
  source = "orders",
  reason: "rejected" | "max_deliveries" = "rejected",
  messageId = "1-0-1",
): Uint8Array {
  const departure = { offset: 3, reason, deliveryCount: 1, firstDeliveredAt: 1, error: null }
  return deadLetterFrame(frame, { source, messageId }, departure, 1)
}

/** Takes frames in as moves from another queue, and answers their ids. */
export function takeFrames(scene: QueueScene, frames: readonly Uint8Array[], now: number): number[] {
  const writer = new SubmissionWriter()
  for (const frame of frames) writer.addFrame({ frame, keyHash: hashOf(frame) })
  const firstId = scene.queue.state.counters.nextMessageId
  const source = { name: "ns/elsewhere/0", incarnation: 1, seq: 0 }
  const seqs = frames.map((_, index) => firstId + index)
  scene.together(now, () => scene.queue.accept(decodeSubmissions(writer.finish()), seqs, source))
  return seqs
}

/** One page of a browse, as a commit of its own. */
export function pageOf(
  scene: QueueScene,
  state: MessageState,
  now: number,
  given: Partial<BrowseRequest> = {},
): BrowseReply {
  const request = { state, filter: filterOf(), limit: 100, cursor: null, ...given }
  const page = scene.together(now, () => browse(scene.queue.state, request, now))
  if (!page.ok) throw new Error(page.error.code)
  return page.value
}

/** Everything that a browse shows, page by page. */
export function browseAll(
  scene: QueueScene,
  state: MessageState,
  now: number,
  given: Partial<BrowseRequest> = {},
): BrowsedMessage[] {
  const messages: BrowsedMessage[] = []
  let cursor: BrowseRequest["cursor"] = null
  do {
    const page: BrowseReply = pageOf(scene, state, now, { ...given, cursor })
    messages.push(...page.messages)
    cursor = page.cursor
  } while (cursor)
  return messages
}

/** Runs an operation on the message with an id in one commit, after the steps of the search; "missing" where there is none. */
export function withMessage<T>(
  scene: QueueScene,
  messageId: number,
  now: number,
  operate: (place: Place) => T,
): T | "missing" {
  let from: number | null = null
  for (;;) {
    const step = scene.together(now, () => {
      const found = search(scene.queue.state, messageId, from, now)
      return found.kind === "found" ? { outcome: operate(found.place) } : found
    })
    if ("outcome" in step) return step.outcome
    if (step.kind === "missing") return "missing"
    from = step.from
  }
}

/** Deletes a message; the code of the refusal, or null. */
export function removeById(scene: QueueScene, messageId: number, now: number): string | null {
  const removed = withMessage(scene, messageId, now, (place) => removeMessage(scene.queue.state, place, now))
  return removed === "missing" ? "not_found" : codeOf(removed)
}

/** Resends a message; the queue that it went to, or the refusal. */
export function resendById(
  scene: QueueScene,
  messageId: number,
  now: number,
  given: Partial<{ queue: string; frame: Uint8Array }> = {},
): Result<string, Failure> {
  const { queue = null, frame = null } = given
  const request = { messageId, queue, frame, keyHash: frame ? hashOf(frame) : 0 }
  const sent = withMessage(scene, messageId, now, (place) => resend(scene.queue.state, request, place, now))
  if (sent === "missing") throw new Error("no such message")
  return sent
}

/** Purges to the end and answers how many went; `between` runs after each slice. */
export function purgeAll(
  scene: QueueScene,
  states: readonly MessageState[],
  filter: MessageFilter,
  now: number,
  between: () => void = () => {},
): number {
  let removed = 0
  let cursor: PurgeCursor | null = null
  do {
    const request: PurgeRequest = { states, filter, cursor }
    const slice: PurgeReply = scene.together(now, () => purge(scene.queue.state, request, now))
    removed += slice.removed
    cursor = slice.cursor
    between()
  } while (cursor)
  return removed
}

function codeOf(result: Result<unknown, Failure>): string | null {
  return result.ok ? null : result.error.code
}

/** The hash of a frame's group; none where it is damaged. */
function hashOf(frame: Uint8Array): number {
  try {
    const { key } = decodeFrame(frame)
    return key ? keyHash(key) : 0
  } catch (error) {
    if (error instanceof CorruptError) return 0
    throw error
  }
}

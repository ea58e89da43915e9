import { CorruptError } from "../core/bytes/corrupt.ts"
import type { Failure } from "../core/errors.ts"
import { MAX_BATCH_ENTRIES, MAX_BODY_BYTES } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import { encodeUtf8, invalidField, isJsonObject, type JsonObject } from "../protocol/native/fields.ts"
import { elementTexts, parseJsonText } from "../protocol/native/json-text.ts"
import { batchesOf, decodeWireMessage } from "../protocol/native/wire-message.ts"
import type { ClientFrame } from "./client-frame.ts"
import { parseHeartbeat, parseJoin, parseLeave } from "./client-members.ts"
import { parseCommit } from "./client-commits.ts"
import { parsePublish, parseSettle } from "./client-requests.ts"
import { parsePong } from "./client-pong.ts"
import { parseDescribe, parseOpenProducer } from "./client-questions.ts"
import { parseCredit, parseDrain, parseSubscribe, parseUnsubscribe } from "./client-subscriptions.ts"
import type { About } from "./server-frames.ts"

/** A frame with its length as text and batch, or why it is none and what it would have been about. */
export type ParsedFrame = Result<
  { readonly frame: ClientFrame; readonly characters: number },
  { readonly failure: Failure; readonly about: About }
>

const TYPES = [
  "publish",
  "subscribe",
  "credit",
  "ack",
  "nack",
  "extend",
  "unsubscribe",
  "drain",
  "open-producer",
  "describe",
  "join",
  "heartbeat",
  "leave",
  "commit",
  "ping",
  "pong",
] as const
const NOTHING: About = { ref: null, sub: null }
/** A character of JavaScript takes at most as many bytes. */
const MAX_CHARACTER_BYTES = 3

/**
 * The frames in one WebSocket message: a JSON object, or an array of them, each of which stands for itself. Each is
 * parsed when it is asked for, so that what one holds may be gone by the next: in memory it is far more than its text.
 */
export function parseClientText(text: string): Iterable<ParsedFrame> {
  if (isTooLarge(text)) return [refused({ code: "payload_too_large", limitBytes: MAX_BODY_BYTES }, NOTHING)]
  return parseMessage(text, null)
}

/** The frames in one binary message, likewise; what is no such message is refused as a whole. */
export function parseClientBytes(bytes: Uint8Array): Iterable<ParsedFrame> {
  if (bytes.length > MAX_BODY_BYTES) {
    return [refused({ code: "payload_too_large", limitBytes: MAX_BODY_BYTES }, NOTHING)]
  }
  try {
    const { json, batches } = decodeWireMessage(bytes)
    return parseMessage(json, batches)
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error
    const detail = `The binary message can't be read: ${error.message}.`
    return [refused({ code: "invalid_request", detail }, NOTHING)]
  }
}

/** Throws CorruptError where the frames have more batches or fewer than they say; `batches` is null in a text message. */
function parseMessage(text: string, batches: readonly Uint8Array[] | null): Iterable<ParsedFrame> {
  const json = parseJsonText(text)
  if (!json.ok) return [refused(json.error, NOTHING)]
  const { value } = json.value
  if (!Array.isArray(value)) return [parseFrame(text, value, batches && batchesOf([value], batches)[0]!)]
  if (value.length === 0 || value.length > MAX_BATCH_ENTRIES) {
    const detail = `a message holds 1 to ${MAX_BATCH_ENTRIES} frames`
    return [refused({ code: "invalid_request", detail }, NOTHING)]
  }
  const found = batches === null ? null : batchesOf(value, batches)
  return parseEach(elementTexts(text), value, found)
}

function* parseEach(
  texts: readonly string[],
  values: readonly unknown[],
  batches: readonly (Uint8Array | null)[] | null,
): Iterable<ParsedFrame> {
  for (const [index, value] of values.entries()) yield parseFrame(texts[index]!, value, batches?.[index] ?? null)
}

function parseFrame(text: string, value: unknown, batch: Uint8Array | null): ParsedFrame {
  if (!isJsonObject(value)) return refused({ code: "invalid_field", pointer: "", detail: "must be an object" }, NOTHING)
  const frame = parseByType(text, value, batch)
  if (!frame.ok) return refused(frame.error, aboutOf(value))
  return ok({ frame: frame.value, characters: text.length + (batch?.length ?? 0) })
}

function parseByType(text: string, value: JsonObject, batch: Uint8Array | null): Result<ClientFrame, Failure> {
  switch (value["type"]) {
    case "publish":
      return parsePublish(text, value, batch)
    case "ack":
    case "nack":
    case "extend":
      return parseSettle(value["type"], value)
    case "subscribe":
      return parseSubscribe(value)
    case "credit":
      return parseCredit(value)
    case "unsubscribe":
      return parseUnsubscribe(value)
    case "drain":
      return parseDrain(value)
    case "open-producer":
      return parseOpenProducer(value)
    case "describe":
      return parseDescribe(value)
    case "join":
      return parseJoin(value)
    case "heartbeat":
      return parseHeartbeat(value)
    case "leave":
      return parseLeave(value)
    case "commit":
      return parseCommit(text, value)
    case "ping":
      return ok({ type: "ping" })
    case "pong":
      return parsePong(value)
  }
  return invalidField("/type", `must be ${TYPES.slice(0, -1).join(", ")} or ${TYPES.at(-1)}`)
}

function isTooLarge(text: string): boolean {
  if (text.length > MAX_BODY_BYTES) return true
  return text.length * MAX_CHARACTER_BYTES > MAX_BODY_BYTES && encodeUtf8(text).length > MAX_BODY_BYTES
}

/** What can be told of a frame that is wrong. */
function aboutOf(value: JsonObject): About {
  return { ref: numberOrNull(value["ref"]), sub: numberOrNull(value["sub"]) }
}

function numberOrNull(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null
}

function refused(failure: Failure, about: About): ParsedFrame {
  return err({ failure, about })
}

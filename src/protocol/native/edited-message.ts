import { keyHash } from "../../core/bytes/key-hash.ts"
import type { Failure } from "../../core/errors.ts"
import { NAME_PATTERN } from "../../core/limits.ts"
import { encodeFrame, encodeMovedFrame, movedHeaders } from "../../core/log/frame.ts"
import type { Header, LogRecord } from "../../core/log/types.ts"
import { ok, type Result } from "../../core/result.ts"
import { invalidField, isJsonObject, pointerToken, unknownField } from "./fields.ts"
import { parseHeaders } from "./headers.ts"
import type { JsonText } from "./json-text.ts"
import { parseGroupId } from "./messages.ts"
import { BodyTexts, checkSize, parseValue, type RecordValue } from "./record-value.ts"

const RESEND_FIELDS: ReadonlySet<string> = new Set(["queue", "body", "bodyBase64", "headers", "groupId"])

/** What is to be different about a message; null stays as it is. */
export interface Edits {
  readonly body: RecordValue | null
  readonly headers: readonly Header[] | null
  readonly groupId: Uint8Array | null
}

/** The body of a resend. */
export interface Resend {
  /** Name of the queue to send to, null for the one that the message is a dead letter of. */
  readonly queue: string | null
  /** Null where nothing is to be different. */
  readonly edits: Edits | null
}

/** `{ queue?, body? | bodyBase64?, headers?, groupId? }` */
export function parseResend(json: JsonText): Result<Resend, Failure> {
  const { value } = json
  if (!isJsonObject(value)) return invalidField("", "must be an object")
  const unknown = unknownField(value, RESEND_FIELDS)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const { queue = null } = value
  if (queue !== null && (typeof queue !== "string" || !NAME_PATTERN.test(queue))) {
    return invalidField("/queue", "must be a name")
  }
  const hasBody = value["body"] !== undefined || value["bodyBase64"] !== undefined
  const body = hasBody ? parseValue(value, new BodyTexts(json.text, null), 0) : ok(null)
  if (!body.ok) return body
  const headers = value["headers"] === undefined ? ok(null) : parseHeaders(value["headers"], "/headers")
  if (!headers.ok) return headers
  const groupId = parseGroupId(value["groupId"], "/groupId")
  if (!groupId.ok) return groupId
  const edits = { body: body.value, headers: headers.value, groupId: groupId.value }
  return ok({ queue, edits: Object.values(edits).every((edit) => edit === null) ? null : edits })
}

/** A message after it was edited, as an object takes it. */
export interface EditedMessage {
  readonly record: LogRecord
  readonly frame: Uint8Array
  readonly keyHash: number
}

/** `record`, which is what `frame` holds, with `edits`; what a dead letter tells of its story stays. */
export function editMessage(frame: Uint8Array, record: LogRecord, edits: Edits): Result<EditedMessage, Failure> {
  const story = movedHeaders(frame)
  const own = record.headers.slice(0, record.headers.length - story.length)
  const { format, value } = edits.body ?? record
  const key = edits.groupId ?? record.key
  const edited: LogRecord = { format, value, key, headers: edits.headers ?? own, producedAt: record.producedAt }
  const size = checkSize(edited)
  if (!size.ok) return size
  const plain = encodeFrame(edited)
  return ok({
    record: edited,
    frame: story.length === 0 ? plain : encodeMovedFrame(plain, story),
    keyHash: key === null ? 0 : keyHash(key),
  })
}

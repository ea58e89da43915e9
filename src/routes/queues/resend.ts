import { targetNeeds } from "../../core/access/uses.ts"
import type { Failure } from "../../core/errors.ts"
import { readDeadLetter } from "../../core/queue/dead-letter.ts"
import type { BrowsedMessage, ResendRequest } from "../../core/queue/operator/commands.ts"
import type { LogRecord } from "../../core/log/types.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { err, ok, type Result } from "../../core/result.ts"
import { editMessage, parseResend, type Resend } from "../../protocol/native/edited-message.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { readFrame } from "../../protocol/native/message-json.ts"
import { refusedGroup } from "../../protocol/native/send-rules.ts"
import { readOptionalJson } from "../body.ts"
import { permitNeeds } from "../middleware/permit.ts"
import type { Call, Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { callMessage } from "./call-message.ts"
import { resendSchema, resentSchema } from "./operator-schemas.ts"
import { resolveTarget } from "./resolve-target.ts"

/** What is left of a damaged message. */
const NOTHING: LogRecord = { format: "bytes", value: new Uint8Array(0), key: null, headers: [], producedAt: null }

/** `POST /v1/queues/:queue/messages/:message/resend` */
export const resendMessage: Operation = {
  id: "resendMessage",
  method: "POST",
  path: "/v1/queues/:queue/messages/:message/resend",
  tag: "queues",
  summary: "Send a message on, edited or as it is, and finish it here",
  demand: { queue: "manage" },
  query: null,
  body: { schema: resendSchema, optional: true },
  responses: { 200: { description: "Where it went.", schema: resentSchema } },
  failures: [
    "invalid_json",
    "invalid_name",
    "invalid_request",
    "not_found",
    "message_in_flight",
    "payload_too_large",
    "unsupported_media_type",
    "invalid_field",
    "corrupt_batch",
  ],
  async handle(call) {
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const asked = parseResend(body.value)
    if (!asked.ok) return asked
    const permitted = permitNeeds(call, targetNeeds(asked.value.queue))
    if (!permitted.ok) return permitted
    const sent = await callMessage(call, "once", async (queue, { version, settings }, counter) => {
      const message = await queue.find(version, counter)
      if (!message.ok) return message
      const request = await requestFor(call, asked.value, message.value, settings)
      return request.ok ? queue.resend(version, request.value) : request
    })
    return sent.ok ? json({ queue: sent.value }) : sent
  },
}

async function requestFor(
  call: Call,
  { queue, edits }: Resend,
  message: BrowsedMessage,
  settings: QueueSettings,
): Promise<Result<ResendRequest, Failure>> {
  const { messageId, frame, offset } = message
  const name = queue ?? readDeadLetter(frame)?.queue ?? null
  if (name === null) return invalidField("/queue", "is no dead letter: a queue to send it to is needed")
  const permitted = permitNeeds(call, targetNeeds(name))
  if (!permitted.ok) return permitted
  const target = await resolveTarget(call, name, settings)
  if (!target.ok) return target
  if (edits === null) return ok({ messageId, queue, frame: null, keyHash: 0 })
  const stored = readFrame(frame)
  // a body that is given takes the place of one that is damaged
  if (stored === null && edits.body === null) {
    return err({ code: "corrupt_batch", firstOffset: offset ?? 0, lastOffset: offset ?? 0 })
  }
  const edited = editMessage(frame, stored ?? NOTHING, edits)
  if (!edited.ok) return edited
  const keepsGroup = stored !== null && edits.groupId === null
  const refused = keepsGroup ? null : refusedGroup(edited.value.record, target.value)
  return refused ?? ok({ messageId, queue, frame: edited.value.frame, keyHash: edited.value.keyHash })
}

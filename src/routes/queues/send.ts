import * as v from "valibot"
import type { Failure } from "../../core/errors.ts"
import { err, type Result } from "../../core/result.ts"
import { sendResultsJson } from "../../protocol/native/deliveries.ts"
import { contentIds, needsContentIds, termsForObject, withIdempotencyKey } from "../../protocol/native/deduplication.ts"
import { parseSend, type SendRequest } from "../../protocol/native/messages.ts"
import { parseJsonBytes } from "../../protocol/native/json-text.ts"
import { checkSend } from "../../protocol/native/send-rules.ts"
import { encodeRecords } from "../../protocol/native/submissions.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { mediaType, readBytes } from "../body.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { callQueue, SHARD } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { parseRawMessage } from "./raw-message.ts"
import { sendSchema, sentSchema } from "./schemas.ts"

const querySchema = v.strictObject({
  raw: v.optional(v.picklist(["true", "false"], "must be true or false"), "false"),
})
/** curl's, where none is named: a message in JSON would silently be stored as a form. */
const FORM = "application/x-www-form-urlencoded"

/** `POST /v1/queues/:queue/messages` */
export const sendMessages: Operation = {
  id: "sendMessages",
  method: "POST",
  path: "/v1/queues/:queue/messages",
  tag: "queues",
  summary: "Send one message or a batch",
  demand: { queue: "produce" },
  query: querySchema,
  body: { schema: sendSchema, raw: true },
  responses: { 200: { description: "One result per message, in order.", schema: sentSchema } },
  failures: [
    "invalid_json",
    "invalid_name",
    "not_found",
    "payload_too_large",
    "unsupported_media_type",
    "invalid_field",
    "queue_paused",
    "queue_full",
    "dedup_full",
    "storage_full",
  ],
  async handle(call) {
    const { request } = call
    const key = request.headers.get("idempotency-key")
    const parsed = await readSend(request, key)
    if (!parsed.ok) return parsed
    const sent = await callQueue(call, call.params["queue"]!, "once", async (queue, entry) => {
      const refused = refusedBy(entry.settings, parsed.value, key)
      if (refused !== null) return refused
      const ids = needsContentIds(parsed.value, entry.settings) ? await contentIds(parsed.value) : null
      const terms = termsForObject(parsed.value, entry.settings, ids)
      return queue.send(entry.version, encodeRecords(parsed.value.records, terms))
    })
    if (!sent.ok) return sent
    const [first] = sent.value.results
    if (parsed.value.single && typeof first === "object") return err(first)
    return jsonText(`{"messages":${sendResultsJson(SHARD, sent.value)}}`)
  },
}

/** Why a queue with these settings does not take it, or null. */
function refusedBy(settings: QueueSettings, sent: SendRequest, idempotencyKey: string | null) {
  if (idempotencyKey !== null && settings.dedupWindowMs === 0) {
    return invalidField("/idempotency-key", "the queue does not deduplicate: its dedupWindowMs is 0")
  }
  const checked = checkSend(sent, settings)
  return checked.ok ? null : checked
}

async function readSend(request: Request, idempotencyKey: string | null): Promise<Result<SendRequest, Failure>> {
  const sent = await readMessages(request)
  return sent.ok && idempotencyKey !== null ? withIdempotencyKey(sent.value, idempotencyKey) : sent
}

async function readMessages(request: Request): Promise<Result<SendRequest, Failure>> {
  const query = request.url.includes("?") ? validateQuery(querySchema, request) : null
  if (query?.ok === false) return query
  const type = mediaType(request)
  const raw = query?.value.raw === "true"
  if (type === FORM && !raw)
    return err({ code: "unsupported_media_type", accepted: ["application/json", "(any, with ?raw=true)"] })
  const bytes = await readBytes(request)
  if (!bytes.ok) return bytes
  if (raw || (type !== "" && type !== "application/json")) return parseRawMessage(request.headers, type, bytes.value)
  const json = parseJsonBytes(bytes.value)
  return json.ok ? parseSend(json.value) : json
}

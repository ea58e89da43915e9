import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import type { ShareReceiveRequest } from "../../core/stream/share/commands.ts"
import { sharePart, sharePartsJson } from "../../protocol/native/share-json.ts"
import { readOptionalJson } from "../body.ts"
import { answerLate } from "../late-answer.ts"
import { topicMetadata } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { validate } from "../validate.ts"
import { handBack, type ReceivedPart, receiveLonger, receiveNow } from "./receive-parts.ts"
import { shareReceivedSchema, shareReceiveSchema } from "./schemas.ts"

/** `POST /v1/topics/:topic/share/:group/receive` */
export const receiveShare: Operation = {
  id: "receiveShare",
  method: "POST",
  path: "/v1/topics/:topic/share/:group/receive",
  tag: "groups",
  summary: "Receive records for a share group, waiting for the first if there is none",
  demand: { topic: "consume", group: "consume" },
  query: null,
  body: { schema: shareReceiveSchema, optional: true },
  responses: { 200: { description: "The records, none if none came in time.", schema: shareReceivedSchema } },
  failures: [
    "invalid_json",
    "invalid_name",
    "not_found",
    "being_deleted",
    "unsupported_media_type",
    "invalid_field",
    "conflict",
    "share_not_open",
  ],
  async handle(call) {
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const asked = validate(shareReceiveSchema, body.value.value)
    if (!asked.ok) return asked
    const { maxMessages, waitMs, lockDurationMs = null, partitions } = asked.value
    const received = receive(call, { maxMessages, lockDurationMs }, partitions ?? null, waitMs)
    // Goes on without its client: what it receives then is handed back at once.
    call.waitUntil(received)
    return received
  },
}

async function receive(
  call: Call,
  request: ShareReceiveRequest,
  named: readonly number[] | null,
  waitMs: number,
): Promise<Result<Response, Failure>> {
  const partitions = named === null ? await allPartitions(call) : ok(named)
  if (!partitions.ok) return partitions
  const inTurn = rotated(partitions.value, Math.floor(Math.random() * partitions.value.length))
  const received = await receiveNow(call, inTurn, request)
  if (!received.ok) return received
  if (received.value === null && waitMs > 0) {
    return ok(
      answerLate(call, async (gone) => {
        const later = await receiveLonger(call, inTurn, request, waitMs, gone)
        return { text: receivedJson(later), undelivered: () => handBack(call, later) }
      }),
    )
  }
  const parts = received.value === null ? [] : [received.value]
  if (call.request.signal.aborted) await handBack(call, parts)
  return jsonText(receivedJson(parts))
}

async function allPartitions(call: Call): Promise<Result<readonly number[], Failure>> {
  const topic = await topicMetadata.resolve(call, call.params["topic"]!)
  if (!topic.ok) return topic
  return ok(Array.from({ length: topic.value.entry.settings.partitions }, (_, partition) => partition))
}

/** Receivers begin at different partitions, so that none of these is always the last. */
function rotated(partitions: readonly number[], first: number): readonly number[] {
  return [...partitions.slice(first), ...partitions.slice(0, first)]
}

function receivedJson(parts: readonly ReceivedPart[]): string {
  return `{${sharePartsJson(parts.map(({ source, deliveries, timestamp }) => sharePart(source, deliveries, timestamp)))}}`
}

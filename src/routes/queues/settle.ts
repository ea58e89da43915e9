import type { GenericSchema } from "valibot"
import type { Failure } from "../../core/errors.ts"
import type { Result } from "../../core/result.ts"
import { parseSettlements, settleable, type SettleKind, settleResultsJson } from "../../protocol/native/settlements.ts"
import { readJson } from "../body.ts"
import { callQueue } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { settledSchema } from "./schemas.ts"

/** `POST /v1/queues/:queue/<kind>`: the three that take receipts differ in their options alone. */
export function settleOperation(kind: SettleKind, summary: string, schema: GenericSchema): Operation {
  return {
    id: `${kind}Messages`,
    method: "POST",
    path: `/v1/queues/:queue/${kind}`,
    tag: "queues",
    summary,
    demand: { queue: "consume" },
    query: null,
    body: { schema },
    responses: { 200: { description: "One result per receipt, in order.", schema: settledSchema } },
    failures: ["invalid_json", "invalid_name", "not_found", "unsupported_media_type", "invalid_field"],
    handle: (call) => settle(call, kind),
  }
}

async function settle(call: Call, kind: SettleKind): Promise<Result<Response, Failure>> {
  const body = await readJson(call.request)
  if (!body.ok) return body
  const parsed = parseSettlements(kind, body.value.value)
  if (!parsed.ok) return parsed
  const settlements = settleable(parsed.value)
  // A nack that is made again finds its receipt expired, and would answer so.
  const repeat = kind === "nack" ? "once" : "idempotent"
  const reply = await callQueue(call, call.params["queue"]!, repeat, (queue, entry) =>
    queue.settle(entry.version, settlements),
  )
  return reply.ok ? jsonText(`{"results":${settleResultsJson(parsed.value, reply.value)}}`) : reply
}

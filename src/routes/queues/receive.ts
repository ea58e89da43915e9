import type { Failure } from "../../core/errors.ts"
import { decodeDeliveries } from "../../core/log/delivered.ts"
import { ok, type Result } from "../../core/result.ts"
import type { ReceiveReply, ReceiveRequest } from "../../core/queue/commands.ts"
import { deliveriesJson } from "../../protocol/native/deliveries.ts"
import { waitForMessages } from "../../session/wait.ts"
import { readOptionalJson } from "../body.ts"
import type { QueueStub } from "../env.ts"
import { answerLate, type LateText } from "../late-answer.ts"
import { callQueue, SHARD } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { validate } from "../validate.ts"
import { handBack, isEmpty } from "./hand-back.ts"
import { receivedSchema, receiveSchema } from "./schemas.ts"

const NO_MESSAGES = '{"messages":[]}'

/** `POST /v1/queues/:queue/receive` */
export const receiveMessages: Operation = {
  id: "receiveMessages",
  method: "POST",
  path: "/v1/queues/:queue/receive",
  tag: "queues",
  summary: "Receive messages, waiting for the first if there is none",
  demand: { queue: "consume" },
  query: null,
  body: { schema: receiveSchema, optional: true },
  responses: { 200: { description: "The messages, none if none came in time.", schema: receivedSchema } },
  failures: ["invalid_json", "invalid_name", "not_found", "unsupported_media_type", "invalid_field", "consumer_active"],
  async handle(call) {
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const asked = validate(receiveSchema, body.value.value)
    if (!asked.ok) return asked
    const { maxMessages, waitMs, visibilityTimeoutMs = null, attemptId = null } = asked.value
    const received = receive(call, { maxMessages, visibilityTimeoutMs, attemptId }, waitMs)
    // Goes on without its client: what it receives then is handed back at once.
    call.waitUntil(received)
    return received
  },
}

/** An immediate answer of the object, and how to ask it again. */
interface Attempt {
  readonly queue: QueueStub
  readonly version: number
  readonly reply: ReceiveReply
}

async function receive(call: Call, request: ReceiveRequest, waitMs: number): Promise<Result<Response, Failure>> {
  const attempt = await callQueue<Attempt>(call, call.params["queue"]!, "once", async (queue, { version }) => {
    const reply = await queue.receive(version, request)
    return reply.ok ? ok({ queue, version, reply: reply.value }) : reply
  })
  if (!attempt.ok) return attempt
  const { queue, version, reply } = attempt.value
  if (waitMs > 0 && isEmpty(reply)) {
    return ok(
      answerLate(call, (gone) => waitLonger(call, request, waitForMessages(queue, version, request, waitMs, gone))),
    )
  }
  if (call.request.signal.aborted) await handBack(call, call.params["queue"]!, request, reply)
  return jsonText(messagesJson(reply))
}

/** A wait that failed has received nothing, and says so: the next request will be told why. */
async function waitLonger(
  call: Call,
  request: ReceiveRequest,
  wait: Promise<Result<ReceiveReply, Failure>>,
): Promise<LateText> {
  const waited = await wait
  if (!waited.ok) return { text: NO_MESSAGES, undelivered: async () => {} }
  const { value: reply } = waited
  return { text: messagesJson(reply), undelivered: () => handBack(call, call.params["queue"]!, request, reply) }
}

function messagesJson({ incarnation, deliveries }: ReceiveReply): string {
  return `{"messages":${deliveriesJson({ incarnation, shard: SHARD }, decodeDeliveries(deliveries))}}`
}

import type { QueueSettings } from "../../../core/queue/settings.ts"
import { err, ok, type Result } from "../../../core/result.ts"
import type { Failure } from "../../../core/errors.ts"
import type { CatalogEntry } from "../../../objects/contract.ts"
import type { Output } from "../../../protocol/sqs/actions.ts"
import type { SqsResult } from "../../../protocol/sqs/errors.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { missingTerm } from "../../../protocol/sqs/message-terms.ts"
import { prepareMessage, type PreparedMessage, sentMessage, tooLarge } from "../../../protocol/sqs/send-entries.ts"
import type { QueueStub } from "../../env.ts"
import { SHARD } from "../../objects.ts"
import type { SqsAction, SqsCall } from "./action.ts"
import { callNamedQueue } from "./queue.ts"
import { sendPrepared, senderOf } from "./send.ts"

type SendCall = SqsCall<"SendMessage">
type Answer = SqsResult<Output<"SendMessage">>

export const sendMessage: SqsAction<"SendMessage"> = {
  name: "SendMessage",
  async handle(call) {
    const sent = await callNamedQueue(call, { repeat: "once", run: (queue, entry) => send(call, queue, entry) })
    return sent.ok ? sent.value : sent
  },
}

async function send(
  call: SendCall,
  queue: QueueStub,
  entry: CatalogEntry<QueueSettings>,
): Promise<Result<Answer, Failure>> {
  const message = prepare(call, entry.settings)
  if (!message.ok) return ok(message)
  const sent = await sendPrepared(queue, entry, [message.value])
  if (!sent.ok) return sent
  const { incarnation, results } = sent.value
  const [result] = results
  if (typeof result !== "number") return ok(err(sqsFailureOf(result!)))
  return ok(ok(sentMessage(message.value, { incarnation, shard: SHARD, counter: result }, entry.settings)))
}

function prepare(call: SendCall, settings: QueueSettings): SqsResult<PreparedMessage> {
  const prepared = prepareMessage(call.input, settings, senderOf(call))
  if (!prepared.ok) return prepared
  const refused = missingTerm(call.input, settings) ?? tooLarge(prepared.value.sizeBytes, settings, "are invalid")
  return refused === null ? prepared : err(refused)
}

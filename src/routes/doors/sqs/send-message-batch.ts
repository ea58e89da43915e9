import type { Failure } from "../../../core/errors.ts"
import type { QueueSettings } from "../../../core/queue/settings.ts"
import { err, ok, type Result } from "../../../core/result.ts"
import type { CatalogEntry } from "../../../objects/contract.ts"
import type { FailedEntry, Input, Output } from "../../../protocol/sqs/actions.ts"
import { batchAnswer, checkBatch, failedEntry } from "../../../protocol/sqs/batch.ts"
import type { SqsResult } from "../../../protocol/sqs/errors.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { missingTerm } from "../../../protocol/sqs/message-terms.ts"
import {
  batchTooLong,
  entrySizeBytes,
  prepareMessage,
  type PreparedMessage,
  sentMessage,
  tooLarge,
} from "../../../protocol/sqs/send-entries.ts"
import type { QueueStub } from "../../env.ts"
import { SHARD } from "../../objects.ts"
import type { SqsAction, SqsCall } from "./action.ts"
import { callNamedQueue } from "./queue.ts"
import { sendPrepared, senderOf } from "./send.ts"

type BatchCall = SqsCall<"SendMessageBatch">
type Answer = Output<"SendMessageBatch">
type Entry = NonNullable<Input<"SendMessageBatch">["Entries"]>[number]

/** The entries of a batch that can be sent, and those that can't. */
interface PreparedBatch {
  readonly sendable: readonly { readonly entry: Entry; readonly message: PreparedMessage }[]
  readonly failed: readonly FailedEntry[]
}

export const sendMessageBatch: SqsAction<"SendMessageBatch"> = {
  name: "SendMessageBatch",
  async handle(call) {
    const sent = await callNamedQueue(call, { repeat: "once", run: (queue, entry) => send(call, queue, entry) })
    return sent.ok ? sent.value : sent
  },
}

async function send(
  call: BatchCall,
  queue: QueueStub,
  entry: CatalogEntry<QueueSettings>,
): Promise<Result<SqsResult<Answer>, Failure>> {
  const prepared = prepareBatch(call, entry.settings)
  if (!prepared.ok) return ok(prepared)
  const { sendable, failed } = prepared.value
  const messages = sendable.map(({ message }) => message)
  const sent = await sendPrepared(queue, entry, messages)
  if (!sent.ok) return sent
  const { incarnation, results } = sent.value
  const Successful: NonNullable<Answer["Successful"]>[number][] = []
  const Failed = [...failed]
  for (const [place, { entry: asked, message }] of sendable.entries()) {
    const result = results[place]!
    if (typeof result !== "number") Failed.push(failedEntry(asked, sqsFailureOf(result)))
    else {
      const stored = { incarnation, shard: SHARD, counter: result }
      Successful.push({ Id: asked.Id, ...sentMessage(message, stored, entry.settings) })
    }
  }
  return ok(ok(batchAnswer(Successful, Failed)))
}

/** What a fifo queue can't do without, and the size of all, is for the whole batch; the rest for each entry (`[X68]`). */
function prepareBatch(call: BatchCall, settings: QueueSettings): SqsResult<PreparedBatch> {
  const entries = checkBatch("SendMessageBatchRequestEntry", call.input.Entries)
  if (!entries.ok) return entries
  const sender = senderOf(call)
  const sendable: { entry: Entry; message: PreparedMessage }[] = []
  const failed: FailedEntry[] = []
  let totalBytes = 0
  for (const entry of entries.value) {
    const missing = missingTerm(entry, settings)
    if (missing !== null) return err({ name: "InvalidParameterValue", message: missing.message })
    const message = prepareMessage(entry, settings, sender)
    totalBytes += message.ok ? message.value.sizeBytes : entrySizeBytes(entry)
    const refused = message.ok ? tooLarge(message.value.sizeBytes, settings, "cannot be validated") : message.error
    if (refused !== null) failed.push(failedEntry(entry, refused))
    else if (message.ok) sendable.push({ entry, message: message.value })
  }
  const tooLong = batchTooLong(totalBytes)
  return tooLong === null ? ok({ sendable, failed }) : err(tooLong)
}

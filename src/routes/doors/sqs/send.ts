import type { Failure } from "../../../core/errors.ts"
import type { SendReply } from "../../../core/queue/commands.ts"
import type { QueueSettings } from "../../../core/queue/settings.ts"
import { ok, type Result } from "../../../core/result.ts"
import type { CatalogEntry } from "../../../objects/contract.ts"
import { contentIds, needsContentIds, termsForObject } from "../../../protocol/native/deduplication.ts"
import { encodeRecords } from "../../../protocol/native/submissions.ts"
import { forbiddenCharacter } from "../../../protocol/sqs/characters.ts"
import { MAX_TRACE_HEADER_BYTES } from "../../../protocol/sqs/limits.ts"
import { messagesOf, type PreparedMessage, type Sender } from "../../../protocol/sqs/send-entries.ts"
import type { QueueStub } from "../../env.ts"
import type { SqsCall } from "./action.ts"

const NOTHING_SENT: SendReply = { incarnation: 0, results: [] }

/** Who sends with `call`, and when. */
export function senderOf({ request, identity }: SqsCall): Sender {
  const header = request.headers.get("x-amzn-trace-id")
  const isTrace = header !== null && header.length <= MAX_TRACE_HEADER_BYTES && forbiddenCharacter(header) === null
  const { accountId, ownerAccountId } = identity
  return { accountId, ownerAccountId, traceHeader: isTrace && header !== "" ? header : null, now: Date.now() }
}

/** Sends `prepared` to the queue of `entry`, in one call, or in none where there is nothing to send. */
export async function sendPrepared(
  queue: QueueStub,
  { version, settings }: CatalogEntry<QueueSettings>,
  prepared: readonly PreparedMessage[],
): Promise<Result<SendReply, Failure>> {
  if (prepared.length === 0) return ok(NOTHING_SENT)
  const messages = messagesOf(prepared)
  const ids = needsContentIds(messages, settings) ? await contentIds(messages) : null
  return queue.send(version, encodeRecords(messages.records, termsForObject(messages, settings, ids)))
}

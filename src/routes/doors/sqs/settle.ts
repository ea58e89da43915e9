import type { Failure } from "../../../core/errors.ts"
import type { Settlement } from "../../../core/queue/commands.ts"
import type { QueueSettings } from "../../../core/queue/settings.ts"
import { err, ok, type Result } from "../../../core/result.ts"
import type { CatalogEntry } from "../../../objects/contract.ts"
import type { FailedEntry, Output } from "../../../protocol/sqs/actions.ts"
import { batchAnswer, checkBatch, type EntryName, failedEntry } from "../../../protocol/sqs/batch.ts"
import type { SqsFailure, SqsResult } from "../../../protocol/sqs/errors.ts"
import {
  changeFailure,
  changeOf,
  deletionFailure,
  deletionOf,
  type VisibilityChange,
} from "../../../protocol/sqs/settle-entries.ts"
import type { QueueStub } from "../../env.ts"
import { callNamedQueue } from "./queue.ts"

/** What names a message that was received. */
interface Named {
  readonly ReceiptHandle: string
}
type Identified<Asked> = Asked & { readonly Id: string }

/** One way of settling messages. */
export interface SettleKind<Asked extends Named> {
  readonly entryName: EntryName
  /** Made again, a message that was given back would be refused. */
  readonly repeat: "idempotent" | "once"
  readonly settlementOf: (asked: Asked) => SqsResult<Settlement>
  /** What `failure` is to the client; null where it is none. */
  readonly failureOf: (failure: Failure, handle: string, isFifo: boolean) => SqsFailure | null
}

export const DELETION: SettleKind<Named> = {
  entryName: "DeleteMessageBatchRequestEntry",
  repeat: "idempotent",
  settlementOf: deletionOf,
  failureOf: deletionFailure,
}

export const CHANGE: SettleKind<VisibilityChange> = {
  entryName: "ChangeMessageVisibilityBatchRequestEntry",
  repeat: "once",
  settlementOf: (change) => changeOf(change, Date.now()),
  failureOf: changeFailure,
}

/** A call that names its queue. */
type QueueCall = Parameters<typeof callNamedQueue>[0]

/** Settles one message. */
export async function settleOne<Asked extends Named>(
  call: QueueCall,
  asked: Asked,
  kind: SettleKind<Asked>,
): Promise<SqsResult<null>> {
  const called = await callNamedQueue<SqsResult<null>>(call, {
    repeat: kind.repeat,
    async run(queue, entry) {
      const failures = await settle(queue, entry, kind, [asked])
      if (!failures.ok) return failures
      const [failure = null] = failures.value
      return ok(failure === null ? ok(null) : err(failure))
    },
  })
  return called.ok ? called.value : called
}

/** What became of a batch: both kinds answer the same. */
type SettledBatch = Output<"DeleteMessageBatch">

/** Settles a batch, in one call. */
export async function settleBatch<Asked extends Named>(
  call: QueueCall,
  given: readonly Identified<Asked>[] | undefined,
  kind: SettleKind<Asked>,
): Promise<SqsResult<SettledBatch>> {
  const settled = await callNamedQueue<SqsResult<SettledBatch>>(call, {
    repeat: kind.repeat,
    async run(queue, entry) {
      const entries = checkBatch(kind.entryName, given)
      if (!entries.ok) return ok(entries)
      const failures = await settle(queue, entry, kind, entries.value)
      return failures.ok ? ok(ok(batchOf(entries.value, failures.value))) : failures
    },
  })
  return settled.ok ? settled.value : settled
}

function batchOf(entries: readonly { readonly Id: string }[], failures: readonly (SqsFailure | null)[]): SettledBatch {
  const Successful: { Id: string }[] = []
  const Failed: FailedEntry[] = []
  for (const [place, entry] of entries.entries()) {
    const failure = failures[place] ?? null
    if (failure === null) Successful.push({ Id: entry.Id })
    else Failed.push(failedEntry(entry, failure))
  }
  return batchAnswer(Successful, Failed)
}

/** A failure or null for each of `all`, in order. What can be no message's does not reach the object. */
async function settle<Asked extends Named>(
  queue: QueueStub,
  { version, settings }: CatalogEntry<QueueSettings>,
  { settlementOf, failureOf }: SettleKind<Asked>,
  all: readonly Asked[],
): Promise<Result<readonly (SqsFailure | null)[], Failure>> {
  const parsed = all.map(settlementOf)
  const settlements = parsed.flatMap((one) => (one.ok ? [one.value] : []))
  const reply = settlements.length === 0 ? ok([]) : await queue.settle(version, settlements)
  if (!reply.ok) return reply
  let answered = 0
  return ok(
    parsed.map((one, place) => {
      if (!one.ok) return one.error
      const failure = reply.value[answered++] ?? null
      return failure && failureOf(failure, all[place]!.ReceiptHandle, settings.ordering === "fifo")
    }),
  )
}

import type { Failure } from "../../../core/errors.ts"
import { NAME_PATTERN } from "../../../core/limits.ts"
import type { QueuePatch, QueueSettings } from "../../../core/queue/settings.ts"
import { err, ok } from "../../../core/result.ts"
import type { Result } from "../../../core/result.ts"
import type { CatalogEntry } from "../../../objects/contract.ts"
import { refuse, type SqsFailure, type SqsResult } from "../../../protocol/sqs/errors.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import type { Repeat } from "../../call-object.ts"
import type { QueueStub } from "../../env.ts"
import { callCatalog, callQueue, queueMetadata } from "../../objects.ts"
import type { SqsRequest } from "./action.ts"
import { permitAction, policyRefusal } from "./authorize.ts"

/** Who changes a queue's attributes while others do tries again so often. */
const MAX_CHANGES = 16

type QueueEntry = CatalogEntry<QueueSettings>
/** A call that names its queue by URL. */
type QueueCall = SqsRequest & { readonly input: { readonly QueueUrl: string } }

/** What is done with a queue's object. */
export interface QueueUse<T> {
  /** Whether the call can be made twice without harm. */
  readonly repeat: Repeat
  /** Why a queue with these settings does not take what is asked, or null. */
  readonly check?: (entry: QueueEntry) => SqsFailure | null
  readonly run: (queue: QueueStub, entry: QueueEntry) => Promise<Result<T, Failure>>
}

/** The URL by which the queue `name` is known to the caller. */
export function queueUrl({ origin, identity }: SqsRequest, name: string): string {
  return `${origin}/${identity.ownerAccountId}/${name}`
}

/**
 * The name in a queue's URL. Its host and account are not looked at: whose queues are meant is said by the key that
 * signs, and who changed only the endpoint may still have URLs of another account.
 */
export function queueNameOf(url: string): SqsResult<string> {
  const name = url.slice(url.lastIndexOf("/") + 1)
  if (NAME_PATTERN.test(name)) return ok(name)
  return url === "" || name !== ""
    ? refuse("QueueDoesNotExist", "The specified queue does not exist.")
    : refuse("InvalidAddress", `The address ${url} is not valid for this endpoint.`)
}

/** Calls the object of the queue that `call` names, once the caller may do so. */
export async function callNamedQueue<T>(call: QueueCall, use: QueueUse<T>): Promise<SqsResult<T>> {
  const name = queueNameOf(call.input.QueueUrl)
  if (!name.ok) return name
  const permitted = permitAction(call, name.value)
  if (!permitted.ok) return permitted
  let refused: SqsFailure | null = null
  const called = await callQueue<T | null>(call, name.value, use.repeat, async (queue, entry) => {
    refused = policyRefusal(call, entry) ?? use.check?.(entry) ?? null
    return refused === null ? use.run(queue, entry) : ok(null)
  })
  if (refused !== null) return err(refused)
  return called.ok ? ok(called.value as T) : err(sqsFailureOf(called.error))
}

/** The queue that `call` names as the catalog holds it, once the caller may see it. */
export async function loadNamedQueue(call: QueueCall): Promise<SqsResult<QueueEntry>> {
  const name = queueNameOf(call.input.QueueUrl)
  if (!name.ok) return name
  const permitted = permitAction(call, name.value)
  return permitted.ok ? loadQueue(call, name.value) : permitted
}

/**
 * Changes the queue that `call` names to what `change` makes of it; again where somebody else was faster, so that what
 * it was decided on still holds. Null changes nothing.
 */
export async function changeQueue(
  call: QueueCall,
  change: (entry: QueueEntry) => SqsResult<QueuePatch | null>,
): Promise<SqsResult<QueueEntry>> {
  let entry = await loadNamedQueue(call)
  for (let attempt = 0; attempt < MAX_CHANGES && entry.ok; attempt++) {
    const { name, version } = entry.value
    const patch = change(entry.value)
    if (!patch.ok) return patch
    if (patch.value === null) return entry
    const wanted = patch.value
    const put = await callCatalog(call, "idempotent", (catalog) => catalog.putQueue(name, wanted, version))
    if (put.ok) return ok(queueMetadata.store(call, put.value.entry))
    if (put.error.code !== "stale_metadata") return err(sqsFailureOf(put.error))
    entry = await loadQueue(call, name)
  }
  return entry.ok ? refuse("RequestThrottled", "Rate exceeded") : entry
}

async function loadQueue(call: SqsRequest, name: string): Promise<SqsResult<QueueEntry>> {
  const loaded = await queueMetadata.reload(call, name)
  if (!loaded.ok) return err(sqsFailureOf(loaded.error))
  const refused = policyRefusal(call, loaded.value)
  return refused === null ? loaded : err(refused)
}

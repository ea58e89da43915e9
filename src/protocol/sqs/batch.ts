import { ok } from "../../core/result.ts"
import type { FailedEntry } from "./actions.ts"
import { refuse, SQS_ERRORS, type SqsFailure, type SqsResult } from "./errors.ts"
import { MAX_BATCH_ENTRIES, MAX_ENTRY_ID_CHARACTERS } from "./limits.ts"

/** An entry of a batch. */
interface Entry {
  readonly Id: string
}

/** What the query protocol calls the entries of each batch. */
export type EntryName =
  | "SendMessageBatchRequestEntry"
  | "DeleteMessageBatchRequestEntry"
  | "ChangeMessageVisibilityBatchRequestEntry"

const ID = new RegExp(`^[A-Za-z0-9_-]{1,${MAX_ENTRY_ID_CHARACTERS}}$`)
const ID_RULE = `A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most ${MAX_ENTRY_ID_CHARACTERS} letters long.`

/** The entries of a batch: 1 to 10, each with an id of its own (`[X66]`). */
export function checkBatch<E extends Entry>(entryName: EntryName, entries: readonly E[] = []): SqsResult<readonly E[]> {
  if (entries.length === 0) {
    return refuse("EmptyBatchRequest", `There should be at least one ${entryName} in the request.`)
  }
  if (entries.length > MAX_BATCH_ENTRIES) {
    const rule = `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}.`
    return refuse("TooManyEntriesInBatchRequest", `${rule} You have sent ${entries.length}.`)
  }
  const ids = new Set<string>()
  for (const { Id } of entries) {
    if (!ID.test(Id)) return refuse("InvalidBatchEntryId", ID_RULE)
    if (ids.has(Id)) return refuse("BatchEntryIdsNotDistinct", `Id ${Id} repeated.`)
    ids.add(Id)
  }
  return ok(entries)
}

/** What is said of an entry that was not carried out. */
export function failedEntry({ Id }: Entry, { name, message }: SqsFailure): FailedEntry {
  const { code, fault } = SQS_ERRORS[name]
  return { Id, SenderFault: fault === "Sender", Code: code, Message: message }
}

/** What a batch answers: a list without entries is left out, for clients ask whether there is a `Failed` (`[X68]`). */
export function batchAnswer<E extends Entry>(
  successful: readonly E[],
  failed: readonly FailedEntry[],
): { readonly Successful?: readonly E[]; readonly Failed?: readonly FailedEntry[] } {
  return { ...(successful.length > 0 && { Successful: successful }), ...(failed.length > 0 && { Failed: failed }) }
}

import type { Failure } from "../../core/errors.ts"
import type { Settlement } from "../../core/queue/commands.ts"
import { ok } from "../../core/result.ts"
import { invalidParameter, missingParameter, type SqsFailure, type SqsResult } from "./errors.ts"
import { sqsFailureOf } from "./failures.ts"
import { MAX_VISIBILITY_TIMEOUT_SECONDS } from "./limits.ts"
import { invalidHandle, parseReceiptHandle } from "./receipt-handle.ts"
import { checkVisibilityTimeout } from "./receive-options.ts"

const SECOND_MS = 1000

/** What it takes to delete a message (`[X80]`). */
export function deletionOf({ ReceiptHandle }: { readonly ReceiptHandle: string }): SqsResult<Settlement> {
  const handle = parseReceiptHandle(ReceiptHandle)
  return handle.ok ? ok({ kind: "ack", receipt: handle.value.receipt, mayBeLate: true }) : handle
}

/** A visibility timeout that is to be changed. */
export interface VisibilityChange {
  readonly ReceiptHandle: string
  readonly VisibilityTimeout?: number
}

/** What it takes to change a visibility timeout at `now`; none at all gives the message back (`[X82]`, `[X83]`). */
export function changeOf(change: VisibilityChange, now: number): SqsResult<Settlement> {
  const { VisibilityTimeout: seconds } = change
  if (seconds === undefined) return missingParameter("VisibilityTimeout")
  const checked = checkVisibilityTimeout(seconds)
  if (!checked.ok) return checked
  const handle = parseReceiptHandle(change.ReceiptHandle)
  if (!handle.ok) return handle
  const { receipt, receivedAtSeconds } = handle.value
  const heldSeconds = receivedAtSeconds === null ? 0 : Math.floor(now / SECOND_MS) - receivedAtSeconds
  if (heldSeconds + seconds > MAX_VISIBILITY_TIMEOUT_SECONDS) {
    const rule = `beyond the limit [${MAX_VISIBILITY_TIMEOUT_SECONDS} seconds]`
    return invalidParameter("VisibilityTimeout", seconds, `Total VisibilityTimeout for the message is ${rule}`)
  }
  if (seconds === 0) return ok({ kind: "nack", receipt, delayMs: 0, fault: true, error: null, mayBeLate: true })
  return ok({ kind: "extend", receipt, visibilityTimeoutMs: seconds * SECOND_MS, mayBeLate: true })
}

/**
 * What `failure` of a deletion is to an SQS client; null where it is none: on a standard queue an old handle is good
 * for deleting, whatever comes of it.
 */
export function deletionFailure(failure: Failure, handle: string, isFifo: boolean): SqsFailure | null {
  if (failure.code === "receipt_expired") {
    return isFifo ? invalidParameter("ReceiptHandle", handle, "The receipt handle has expired.").error : null
  }
  return failure.code === "invalid_receipt" ? invalidHandle(handle).error : sqsFailureOf(failure)
}

/** What `failure` of a change of visibility is to an SQS client. */
export function changeFailure(failure: Failure, handle: string): SqsFailure {
  if (failure.code === "receipt_expired") {
    const reason = "Message does not exist or is not available for visibility timeout change."
    return invalidParameter("ReceiptHandle", handle, reason).error
  }
  return failure.code === "invalid_receipt" ? invalidHandle(handle).error : sqsFailureOf(failure)
}

import type { Failure } from "../../core/errors.ts"
import type { SqsFailure } from "./errors.ts"

const UNAVAILABLE: SqsFailure = {
  name: "ServiceUnavailable",
  message: "The request has failed due to a temporary failure of the server.",
}
const NO_QUEUE: SqsFailure = { name: "QueueDoesNotExist", message: "The specified queue does not exist." }

/** Whether a queue is not there, or will not be in a moment. */
export function isMissingQueue({ code }: Failure): boolean {
  return code === "not_found" || code === "being_deleted"
}

/** What a refusal of the broker is to an SQS client. What depends on the action is for the action to say before. */
export function sqsFailureOf(failure: Failure): SqsFailure {
  switch (failure.code) {
    case "not_found":
      return failure.resource === "queue" ? NO_QUEUE : { name: "ResourceNotFoundException", message: notFound(failure) }
    case "being_deleted":
    case "log_recreated":
      return NO_QUEUE
    case "overloaded":
    case "queue_full":
    case "dedup_full":
      return { name: "RequestThrottled", message: "Rate exceeded" }
    case "storage_full":
      return { name: "OverLimit", message: "The queue holds as much as it can store." }
    case "queue_paused":
      return { name: "UnsupportedOperation", message: "Sending to the queue is paused." }
    case "consumer_active":
      return { name: "UnsupportedOperation", message: "The queue has a single active consumer." }
    case "message_in_flight":
    case "conflict":
    case "fenced":
      return { name: "UnsupportedOperation", message: "detail" in failure ? failure.detail : failure.code }
    case "forbidden":
      return { name: "AccessDenied", message: `Access to the resource ${failure.name} is denied.` }
    case "invalid_receipt":
    case "receipt_expired":
      return { name: "ReceiptHandleIsInvalid", message: "The input receipt handle is invalid." }
    case "payload_too_large":
      return invalid(
        `One or more parameters are invalid. Reason: Message must be shorter than ${failure.limitBytes} bytes.`,
      )
    case "invalid_field":
      return invalid(`${failure.pointer.slice(1)} ${failure.detail}`)
    case "invalid_name":
      return invalid(`${failure.name} is not a name that a queue can have.`)
    case "invalid_request":
      return invalid(failure.detail)
    case "corrupt_batch":
    case "stale_metadata":
    case "unavailable":
    case "disk_full":
    case "not_configured":
      return UNAVAILABLE
    case "invalid_json":
    case "unauthorized":
    case "route_not_found":
    case "method_not_allowed":
    case "unsupported_media_type":
    case "upgrade_required":
    case "offset_trimmed":
    case "offset_out_of_range":
    case "offset_mismatch":
    case "sequence_gap":
    case "partition_sealed":
    case "share_not_open":
    case "no_committed_offset":
    case "corrupt_storage":
      // of topics, sockets and the native API: nothing that a queue answers
      return { name: "InternalFailure", message: failure.code }
  }
  // an object of the next version refuses for reasons that this Worker does not know
  return UNAVAILABLE
}

function invalid(message: string): SqsFailure {
  return { name: "InvalidParameterValue", message }
}

function notFound({ resource, name }: Extract<Failure, { code: "not_found" }>): string {
  return `The ${resource} ${name} does not exist.`
}

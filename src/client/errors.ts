/** A refusal as the broker words it (RFC 9457); the data of its code stands beside these members. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly [member: string]: unknown
}

/** What the broker refuses, by its stable name. */
export type BrokerErrorCode =
  | "invalid_json"
  | "invalid_name"
  | "invalid_receipt"
  | "invalid_request"
  | "invalid_field"
  | "unauthorized"
  | "forbidden"
  | "not_configured"
  | "not_found"
  | "route_not_found"
  | "method_not_allowed"
  | "being_deleted"
  | "conflict"
  | "stale_metadata"
  | "receipt_expired"
  | "payload_too_large"
  | "unsupported_media_type"
  | "offset_trimmed"
  | "offset_out_of_range"
  | "corrupt_batch"
  | "offset_mismatch"
  | "sequence_gap"
  | "fenced"
  | "partition_sealed"
  | "share_not_open"
  | "no_committed_offset"
  | "upgrade_required"
  | "overloaded"
  | "unavailable"
  | "storage_full"
  | "disk_full"
  | "corrupt_storage"
  | "queue_full"
  | "dedup_full"
  | "queue_paused"
  | "consumer_active"
  | "log_recreated"
  | "message_in_flight"
  | "internal_error"

/** What ends an operation on the client's side. */
export type ClientErrorCode =
  /** The client, producer or consumer was closed. */
  | "closed"
  /** The caller's AbortSignal; what was said already may have been done. */
  | "aborted"
  /** A value that its codec can't read or write, or that its schema refuses. */
  | "invalid_value"

/** Why an operation failed. */
export type ErrorCode = BrokerErrorCode | ClientErrorCode

/** Everything that this library rejects with. Tell errors apart by `code`, never by `message`. */
export class MillraceError extends Error {
  override readonly name = "MillraceError"
  readonly code: ErrorCode
  /** The broker's own words, where it was the broker that refused. */
  readonly problem: Problem | undefined

  constructor(code: ErrorCode, message: string, options: { problem?: Problem; cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined)
    this.code = code
    this.problem = options.problem
  }

  /** HTTP status of the broker's problem. */
  get status(): number | undefined {
    return this.problem?.status
  }

  /** Whether the same may succeed later; the library has often tried again by itself already. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code)
  }

  /** When the broker asks to be tried again. */
  get retryAfterMs(): number | undefined {
    const retryAfterMs = this.problem?.["retryAfterMs"]
    return typeof retryAfterMs === "number" ? retryAfterMs : undefined
  }
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "overloaded",
  "unavailable",
  "disk_full",
  "partition_sealed",
  "stale_metadata",
  "share_not_open",
  "queue_full",
  "dedup_full",
])

/** Whether `error` is a MillraceError, and of that code where one is given. */
export function isMillraceError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: Code,
): error is MillraceError & { readonly code: Code } {
  return error instanceof MillraceError && (code === undefined || error.code === code)
}

/**
 * The error that `problem` is; what is none is the broker's fault and still an error.
 * @internal
 */
export function errorOf(problem: unknown): MillraceError {
  const known = problem as Problem | null | undefined
  if (typeof known?.code !== "string")
    return new MillraceError("internal_error", "The broker refused without a reason.")
  return new MillraceError(known.code as ErrorCode, known.detail, { problem: known })
}

/**
 * For everything that was not done because its client or it was closed.
 * @internal
 */
export function closedError(what = "client"): MillraceError {
  return new MillraceError("closed", `The ${what} is closed.`)
}

/**
 * For what the caller's signal ended.
 * @internal
 */
export function abortedError(signal: AbortSignal): MillraceError {
  return new MillraceError("aborted", "The operation was aborted.", { cause: signal.reason })
}

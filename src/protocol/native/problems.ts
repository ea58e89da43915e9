import type { ErrorCode, Failure } from "../../core/errors.ts"

/** A refusal as it goes over HTTP: RFC 9457. */
export interface Problem {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly document: ProblemDocument
}

/** The members every problem has; the data of its failure stands beside them. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
}

type FailureOf<Code extends ErrorCode> = Extract<Failure, { code: Code }>

interface Description<Code extends ErrorCode> {
  readonly status: number
  readonly title: string
  readonly detail: (failure: FailureOf<Code>) => string
}

/** How long a caller waits whose Worker did not know the newest settings, even after asking for them. */
const STALE_METADATA_RETRY_MS = 1000

const DESCRIPTIONS: { readonly [Code in ErrorCode]: Description<Code> } = {
  invalid_json: { status: 400, title: "Invalid JSON", detail: () => "The body is not valid JSON in UTF-8." },
  invalid_name: {
    status: 400,
    title: "Invalid name",
    detail: () => "A name has 1 to 128 letters, digits, '.', '_' and '-', and begins with a letter or digit.",
  },
  invalid_receipt: {
    status: 400,
    title: "Invalid receipt",
    detail: () => "This is not a receipt of this queue or share group.",
  },
  invalid_request: { status: 400, title: "Invalid request", detail: ({ detail }) => detail },
  unauthorized: {
    status: 401,
    title: "Unauthorized",
    detail: () => "Send a valid token as `Authorization: Bearer <token>`.",
  },
  forbidden: {
    status: 403,
    title: "Forbidden",
    detail: ({ action, resource, name }) => `The token does not allow to ${action} the ${resource} ${name}.`,
  },
  not_configured: {
    status: 503,
    title: "Not configured",
    detail: () => "The broker has no MILLRACE_TOKEN and therefore serves nobody.",
  },
  not_found: { status: 404, title: "Not found", detail: ({ resource, name }) => `There is no ${resource} ${name}.` },
  route_not_found: { status: 404, title: "Route not found", detail: () => "Nothing is served at this path." },
  method_not_allowed: {
    status: 405,
    title: "Method not allowed",
    detail: ({ allow }) => `This path takes ${allow.join(", ")}.`,
  },
  being_deleted: {
    status: 409,
    title: "Being deleted",
    detail: ({ resource, name }) => `The ${resource} ${name} is being deleted; try again when it is gone.`,
  },
  conflict: { status: 409, title: "Conflict", detail: ({ detail }) => detail },
  stale_metadata: {
    status: 503,
    title: "Settings are changing",
    detail: () => "The settings changed while the request was on its way; nothing was done. Try again.",
  },
  receipt_expired: {
    status: 409,
    title: "Receipt expired",
    detail: () => "What it was given for was delivered again or has left since.",
  },
  payload_too_large: {
    status: 413,
    title: "Payload too large",
    detail: ({ limitBytes }) => `At most ${limitBytes} bytes are accepted here.`,
  },
  unsupported_media_type: {
    status: 415,
    title: "Unsupported media type",
    detail: ({ accepted }) => `The content type must be ${accepted.join(" or ")}.`,
  },
  invalid_field: { status: 422, title: "Invalid field", detail: ({ detail }) => detail },
  offset_trimmed: {
    status: 410,
    title: "Offset trimmed",
    detail: ({ earliestOffset }) => `Records before offset ${earliestOffset} are gone.`,
  },
  offset_out_of_range: {
    status: 416,
    title: "Offset out of range",
    detail: ({ latestOffset }) => `The log ends at offset ${latestOffset}.`,
  },
  corrupt_batch: {
    status: 500,
    title: "Corrupt batch",
    detail: ({ firstOffset, lastOffset }) => `What is stored at offsets ${firstOffset} to ${lastOffset} is damaged.`,
  },
  offset_mismatch: {
    status: 412,
    title: "Offset mismatch",
    detail: ({ endOffset }) => `The next record gets offset ${endOffset}; nothing was stored.`,
  },
  sequence_gap: {
    status: 409,
    title: "Sequence gap",
    detail: ({ expectedSequence }) => `The next batch of this producer begins at sequence ${expectedSequence}.`,
  },
  fenced: {
    status: 409,
    title: "Fenced",
    detail: ({ epoch }) => `Somebody else took over at epoch ${epoch}; nothing was done.`,
  },
  partition_sealed: {
    status: 503,
    title: "Partitions are being added",
    detail: () => "Partitions are being added to the topic; nothing was stored. Try again.",
  },
  share_not_open: {
    status: 503,
    title: "Share group begins",
    detail: () => "The share group is only beginning in this partition; nothing was done. Try again.",
  },
  no_committed_offset: {
    status: 409,
    title: "No committed offset",
    detail: () => "The group has no offset in this partition, and its autoOffsetReset is none: seek it first.",
  },
  upgrade_required: {
    status: 426,
    title: "Upgrade required",
    detail: () => "Connect with a WebSocket that offers the subprotocol `millrace.v1`.",
  },
  overloaded: { status: 503, title: "Overloaded", detail: () => "Too much is waiting here already; nothing was done." },
  unavailable: {
    status: 503,
    title: "Unavailable",
    detail: () => "The answer was lost: the request may or may not have been carried out.",
  },
  queue_full: {
    status: 429,
    title: "Queue full",
    detail: () => "The queue holds as much as its settings allow; this was not stored.",
  },
  dedup_full: {
    status: 429,
    title: "Too many deduplication ids",
    detail: () => "The queue remembers as many deduplication ids as it can; this was not stored.",
  },
  queue_paused: { status: 409, title: "Queue paused", detail: () => "Sending to this queue is paused." },
  consumer_active: {
    status: 409,
    title: "Consumer active",
    detail: () => "The queue serves one consumer at a time, and that is another one now.",
  },
  message_in_flight: {
    status: 409,
    title: "Message in flight",
    detail: () => "A consumer is working on the message; nothing was done.",
  },
  log_recreated: {
    status: 410,
    title: "Recreated",
    detail: () => "The queue or topic was deleted and created again since; begin anew.",
  },
  storage_full: { status: 507, title: "Storage full", detail: () => "There is no space left; nothing was stored." },
  disk_full: {
    status: 507,
    title: "Disk full",
    detail: () =>
      "The broker's disk is full: the request may or may not have been carried out. It goes on when there is space.",
  },
  corrupt_storage: {
    status: 500,
    title: "Corrupt storage",
    detail: ({ resource, name, damaged }) =>
      `What is stored of the ${resource} ${name} is damaged: ${damaged}. Restore its database from a backup, or save what can be read and delete it.`,
  },
}

/** What a refusal is to a Worker that does not know its reason: an object may be of the next version. */
const UNKNOWN: Failure = { code: "unavailable", retryAfterMs: 1000 }

/** The refusal that `failure` is on the wire: its data, its status, and the headers that go with it. */
export function problemOf(failure: Failure): Problem {
  if (!Object.hasOwn(DESCRIPTIONS, failure.code)) return problemOf(UNKNOWN)
  const { status, title, detail } = describe(failure)
  const document = { type: `/problems/${failure.code}`, title, status, detail, ...failure }
  return { status, headers: headersOf(failure), document }
}

/** The HTTP status that goes with `code`. */
export function statusOf(code: ErrorCode): number {
  return DESCRIPTIONS[code].status
}

/** For what should never happen: a bug behind the door. Tells nothing of it. */
export const INTERNAL_PROBLEM: Problem = {
  status: 500,
  headers: {},
  document: {
    type: "/problems/internal_error",
    title: "Internal error",
    status: 500,
    code: "internal_error",
    detail: "Something went wrong in the broker; the request may or may not have been carried out.",
  },
}

function describe<Code extends ErrorCode>(failure: FailureOf<Code>): ProblemDocument {
  const code = failure.code
  const { status, title, detail }: Description<Code> = DESCRIPTIONS[code]
  return { type: `/problems/${code}`, title, status, code, detail: detail(failure) }
}

function headersOf(failure: Failure): Record<string, string> {
  if ("retryAfterMs" in failure) return { "Retry-After": String(Math.ceil(failure.retryAfterMs / 1000)) }
  if (failure.code === "stale_metadata") return { "Retry-After": String(STALE_METADATA_RETRY_MS / 1000) }
  if (failure.code === "method_not_allowed") return { Allow: failure.allow.join(", ") }
  if (failure.code === "unauthorized") return { "WWW-Authenticate": "Bearer" }
  if (failure.code === "upgrade_required") return { Upgrade: "websocket" }
  return {}
}

import type { Result } from "../../core/result.ts"

/** What is said of an error on the wire. */
export interface SqsErrorShape {
  /** What the query protocol calls it, and clients take for its name: `Error.Code`. */
  readonly code: string
  /** `__type` of the JSON protocol. */
  readonly type: string
  readonly status: number
  /** Whose fault it is. */
  readonly fault: "Sender" | "Receiver"
}

const SERVICE = "com.amazonaws.sqs#"
const FRAMEWORK = "com.amazon.coral.service#"
const PREFIX = "AWS.SimpleQueueService."

function modelled(name: string, code: string, status = 400): SqsErrorShape {
  return { code, type: `${SERVICE}${name}`, status, fault: "Sender" }
}

/** Real, and in no model. */
function common(code: string, type: string, status = 400): SqsErrorShape {
  return { code, type: `${FRAMEWORK}${type}`, status, fault: "Sender" }
}

/** Every error that the door answers, by the name that the service model has for it. */
export const SQS_ERRORS = {
  BatchEntryIdsNotDistinct: modelled("BatchEntryIdsNotDistinct", `${PREFIX}BatchEntryIdsNotDistinct`),
  BatchRequestTooLong: modelled("BatchRequestTooLong", `${PREFIX}BatchRequestTooLong`),
  EmptyBatchRequest: modelled("EmptyBatchRequest", `${PREFIX}EmptyBatchRequest`),
  InvalidBatchEntryId: modelled("InvalidBatchEntryId", `${PREFIX}InvalidBatchEntryId`),
  TooManyEntriesInBatchRequest: modelled("TooManyEntriesInBatchRequest", `${PREFIX}TooManyEntriesInBatchRequest`),
  MessageNotInflight: modelled("MessageNotInflight", `${PREFIX}MessageNotInflight`),
  QueueDeletedRecently: modelled("QueueDeletedRecently", `${PREFIX}QueueDeletedRecently`),
  QueueDoesNotExist: modelled("QueueDoesNotExist", `${PREFIX}NonExistentQueue`),
  QueueNameExists: modelled("QueueNameExists", "QueueAlreadyExists"),
  UnsupportedOperation: modelled("UnsupportedOperation", `${PREFIX}UnsupportedOperation`),
  PurgeQueueInProgress: modelled("PurgeQueueInProgress", `${PREFIX}PurgeQueueInProgress`, 403),
  OverLimit: modelled("OverLimit", "OverLimit", 403),
  RequestThrottled: modelled("RequestThrottled", "RequestThrottled", 403),
  InvalidSecurity: modelled("InvalidSecurity", "InvalidSecurity", 403),
  ReceiptHandleIsInvalid: modelled("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404),
  InvalidAddress: modelled("InvalidAddress", "InvalidAddress", 404),
  ResourceNotFoundException: modelled("ResourceNotFoundException", "ResourceNotFoundException", 404),
  InvalidMessageContents: modelled("InvalidMessageContents", "InvalidMessageContents"),
  InvalidAttributeName: modelled("InvalidAttributeName", "InvalidAttributeName"),
  InvalidAttributeValue: modelled("InvalidAttributeValue", "InvalidAttributeValue"),
  InvalidParameterValue: common("InvalidParameterValue", "InvalidParameterValueException"),
  MissingParameter: common("MissingParameter", "MissingRequiredParameterException"),
  SerializationException: common("SerializationException", "SerializationException"),
  InvalidAction: common("InvalidAction", "UnknownOperationException"),
  MalformedInput: common("MalformedInput", "MalformedInputException"),
  RequestEntityTooLarge: common("RequestEntityTooLarge", "RequestEntityTooLargeException", 413),
  AccessDenied: common("AccessDenied", "AccessDeniedException", 403),
  InvalidClientTokenId: common("InvalidClientTokenId", "UnrecognizedClientException", 403),
  SignatureDoesNotMatch: common("SignatureDoesNotMatch", "InvalidSignatureException", 403),
  MissingAuthenticationToken: common("MissingAuthenticationToken", "MissingAuthenticationTokenException", 403),
  IncompleteSignature: common("IncompleteSignature", "IncompleteSignatureException"),
  RequestTimeTooSkewed: common("RequestTimeTooSkewed", "RequestTimeTooSkewedException", 403),
  RequestExpired: common("RequestExpired", "RequestExpiredException"),
  ServiceUnavailable: {
    code: "ServiceUnavailable",
    type: `${FRAMEWORK}ServiceUnavailableException`,
    status: 503,
    fault: "Receiver",
  },
  InternalFailure: { code: "InternalFailure", type: `${FRAMEWORK}InternalFailure`, status: 500, fault: "Receiver" },
} as const satisfies Record<string, SqsErrorShape>

/** The name of an error. */
export type SqsErrorName = keyof typeof SQS_ERRORS

/** Why an action was refused: what went wrong, in the words that the real service has for it. */
export interface SqsFailure {
  readonly name: SqsErrorName
  readonly message: string
}

/** The outcome of something that may be refused. */
export type SqsResult<T> = Result<T, SqsFailure>

/** A refusal. */
export function refuse(name: SqsErrorName, message: string): { readonly ok: false; readonly error: SqsFailure } {
  return { ok: false, error: { name, message } }
}

/** What is said of a parameter without which an action can't be carried out. */
export function missingParameter(name: string) {
  return refuse("MissingParameter", `The request must contain the parameter ${name}.`)
}

/** `Value … for parameter … is invalid. Reason: …`: how most values are refused. */
export function invalidParameter(parameter: string, value: unknown, reason: string) {
  return refuse(
    "InvalidParameterValue",
    `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`,
  )
}

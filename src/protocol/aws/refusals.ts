import type { Result } from "../../core/result.ts"

/** Why a request is not taken for its sender's, by the names that AWS's services have for it. */
export type AwsRefusalName =
  | "MissingAuthenticationToken"
  | "IncompleteSignature"
  | "InvalidClientTokenId"
  | "SignatureDoesNotMatch"
  | "RequestTimeTooSkewed"
  | "RequestExpired"
  | "ServiceUnavailable"

/** A refusal, in words that name neither a secret nor what would have been right. */
export interface AwsRefusal {
  readonly name: AwsRefusalName
  readonly message: string
}

/** The outcome of a look at who sends a request. */
export type AwsResult<T> = Result<T, AwsRefusal>

/** A refusal. */
export function refuseSender(
  name: AwsRefusalName,
  message: string,
): { readonly ok: false; readonly error: AwsRefusal } {
  return { ok: false, error: { name, message } }
}

import { ok } from "../../../core/result.ts"
import { jsonError, QUERY_ERROR_HEADER, queryError } from "../../../protocol/sqs/error-output.ts"
import { readJsonInput } from "../../../protocol/sqs/json-input.ts"
import type { Wire } from "./wire.ts"

/** The header that names the action, behind `JSON_TARGET`. */
export const TARGET_HEADER = "x-amz-target"
export const JSON_TARGET = "AmazonSQS."

/** AWS JSON 1.0, which current SDKs speak. */
export const JSON_WIRE: Wire = {
  contentType: "application/x-amz-json-1.0",
  start: "",
  read: (request, body) => {
    const action = (request.headers.get(TARGET_HEADER) ?? "").slice(JSON_TARGET.length)
    return ok({ action, input: (name) => readJsonInput(name, body) })
  },
  answer: (_name, output) => (output === null ? "" : JSON.stringify(output)),
  refuse: (failure) => ({ headers: { [QUERY_ERROR_HEADER]: queryError(failure) }, text: jsonError(failure) }),
}

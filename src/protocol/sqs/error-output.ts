import { SQS_ERRORS, type SqsFailure } from "./errors.ts"
import { XML_NAMESPACE, XML_START } from "./xml-output.ts"
import { xmlText } from "./xml-text.ts"

/** The name of the header by which clients of the JSON protocol learn what the query protocol calls an error. */
export const QUERY_ERROR_HEADER = "x-amzn-query-error"

const NO_QUEUE = "The specified queue does not exist."
const NO_QUEUE_IN_QUERY = "The specified queue does not exist for this wsdl version."

/** Says of no request what it was, as the real service does to one without an action. */
export const UNKNOWN_OPERATION = "<UnknownOperationException/>\n"

/** `failure` as the JSON protocol answers it. */
export function jsonError({ name, message }: SqsFailure): string {
  return JSON.stringify({ __type: SQS_ERRORS[name].type, message })
}

/** Of `failure`: the value of `QUERY_ERROR_HEADER`. */
export function queryError({ name }: SqsFailure): string {
  const { code, fault } = SQS_ERRORS[name]
  return `${code};${fault}`
}

/** `failure` as the query protocol answers it. */
export function xmlError({ name, message }: SqsFailure, requestId: string): string {
  const { code, fault } = SQS_ERRORS[name]
  const text = xmlText(message === NO_QUEUE ? NO_QUEUE_IN_QUERY : message)
  const error = `<Error><Type>${fault}</Type><Code>${code}</Code><Message>${text}</Message><Detail/></Error>`
  return `${XML_START}<ErrorResponse xmlns="${XML_NAMESPACE}">${error}<RequestId>${requestId}</RequestId></ErrorResponse>`
}

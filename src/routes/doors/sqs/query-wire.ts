import { ok } from "../../../core/result.ts"
import { xmlError } from "../../../protocol/sqs/error-output.ts"
import type { SqsResult } from "../../../protocol/sqs/errors.ts"
import { FormNode, malformed, readForm } from "../../../protocol/sqs/query-form.ts"
import { readQueryInput } from "../../../protocol/sqs/query-input.ts"
import { xmlAnswer, XML_START } from "../../../protocol/sqs/xml-output.ts"
import { mediaType } from "../../body.ts"
import { invalidAction } from "./invalid-action.ts"
import { originOf, pathOf, queryTextOf } from "../url.ts"
import type { Asked, Wire } from "./wire.ts"

export const FORM_TYPE = "application/x-www-form-urlencoded"

/** What a queue's own URL is not asked for. */
const NOT_OF_A_QUEUE = ["CreateQueue", "ListQueues"]
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The query protocol: a form or a query, answered in XML. */
export const QUERY_WIRE: Wire = {
  contentType: "text/xml",
  start: XML_START,
  read: (request, body) => {
    const form = formOf(request, body)
    return form.ok ? askedWith(request, form.value) : form
  },
  answer: xmlAnswer,
  refuse: (failure, requestId) => ({ headers: {}, text: xmlError(failure, requestId) }),
}

/** The parameters of the query and of the body. */
function formOf(request: Request, body: Uint8Array): SqsResult<FormNode> {
  const form = readForm(queryTextOf(request.url), new FormNode())
  if (!form.ok || body.length === 0 || mediaType(request) !== FORM_TYPE) return form
  const text = textOf(body)
  return text === null ? malformed("The body is not text in UTF-8.") : readForm(text, form.value)
}

function askedWith({ url }: Request, form: FormNode): SqsResult<Asked | null> {
  const action = form.valueAt("Action")
  if (action === null) return ok(null)
  const path = pathOf(url)
  if (path !== "/") {
    if (NOT_OF_A_QUEUE.includes(action)) return invalidAction(action)
    if (form.valueAt("QueueUrl") === null) form.set("QueueUrl", originOf(url) + path)
  }
  return ok({ action, input: (name) => readQueryInput(name, form) })
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

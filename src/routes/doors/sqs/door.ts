import { MAX_AWS_BODY_BYTES } from "../../../core/limits.ts"
import { err, ok } from "../../../core/result.ts"
import { ACTIONS, type ActionName, type Input, type Output } from "../../../protocol/sqs/actions.ts"
import { UNKNOWN_OPERATION } from "../../../protocol/sqs/error-output.ts"
import { refuse, SQS_ERRORS, type SqsFailure, type SqsResult } from "../../../protocol/sqs/errors.ts"
import { sqsFailureOf } from "../../../protocol/sqs/failures.ts"
import { discardBody, mediaType, readBytes } from "../../body.ts"
import type { Env, Scope } from "../../env.ts"
import { answerLate } from "../../late-answer.ts"
import { claimAws } from "../aws/authenticate.ts"
import type { LateOutput, SqsAction, SqsCall } from "./action.ts"
import { SQS_ACTIONS } from "./actions.ts"
import { invalidAction } from "./invalid-action.ts"
import { JSON_TARGET, JSON_WIRE, TARGET_HEADER } from "./json-wire.ts"
import { FORM_TYPE, QUERY_WIRE } from "./query-wire.ts"
import { originOf, pathOf, queryTextOf } from "../url.ts"
import type { Wire } from "./wire.ts"

/** Where the door is: an endpoint without a path, and the URLs of queues. */
export const SQS_PATHS = ["/", "/:account{[0-9]{12}}/:queue"]

const ACTION_PARAMETER = /(?:^|&)Action=/

/** A request and what it takes to answer it. */
interface Arrival extends Pick<Scope, "waitUntil"> {
  readonly request: Request
  readonly env: Env
  readonly wire: Wire
  readonly requestId: string
}

/** The protocol that `request`, to one of `SQS_PATHS`, is written in; null for one that is not for this door. */
export function sqsWireOf(request: Request): Wire | null {
  const { method, url } = request
  if (method === "POST") {
    const target = request.headers.get(TARGET_HEADER)
    if (target !== null) return target.startsWith(JSON_TARGET) ? JSON_WIRE : null
  } else if (method !== "GET") return null
  if (pathOf(url) !== "/" || ACTION_PARAMETER.test(queryTextOf(url))) return QUERY_WIRE
  return method === "POST" && mediaType(request) === FORM_TYPE ? QUERY_WIRE : null
}

/** The answer to a request written in `wire`. */
export async function answerSqs(
  wire: Wire,
  request: Request,
  env: Env,
  waitUntil: Scope["waitUntil"],
): Promise<Response> {
  const arrival: Arrival = { request, env, waitUntil, wire, requestId: crypto.randomUUID() }
  try {
    const served = await serve(arrival)
    return served.ok ? served.value : refusal(arrival, served.error)
  } catch (error) {
    console.error(JSON.stringify({ event: "internal_error", error: error instanceof Error ? error.stack : error }))
    return refusal(arrival, { name: "InternalFailure", message: "The broker failed. Its log says why." })
  }
}

async function serve(arrival: Arrival): Promise<SqsResult<Response>> {
  const { request, env, wire } = arrival
  const claimed = await claimAws(request, env, "sqs", Date.now())
  if (!claimed.ok) {
    await discardBody(request)
    return claimed
  }
  const body = await bodyOf(request)
  if (!body.ok) return body
  const authenticated = claimed.value(body.value)
  if (!authenticated.ok) return authenticated
  const asked = wire.read(request, body.value)
  if (!asked.ok) return asked
  if (asked.value === null) return ok(unknownOperation(arrival))
  const { action, input: read } = asked.value
  if (!isAction(action)) return invalidAction(action)
  const input = read(action)
  if (!input.ok) return input
  return carryOut(arrival, action, {
    action,
    request,
    input: input.value,
    env,
    ...authenticated.value,
    origin: originOf(request.url),
    waitUntil: arrival.waitUntil,
  })
}

async function bodyOf(request: Request): Promise<SqsResult<Uint8Array>> {
  if (request.method === "GET") return ok(new Uint8Array())
  const bytes = await readBytes(request, MAX_AWS_BODY_BYTES)
  if (bytes.ok) return bytes
  await discardBody(request)
  return bytes.error.code === "payload_too_large"
    ? refuse("RequestEntityTooLarge", `A request has at most ${MAX_AWS_BODY_BYTES} bytes.`)
    : err(sqsFailureOf(bytes.error))
}

function isAction(name: string): name is ActionName {
  return Object.hasOwn(ACTIONS, name)
}

async function carryOut<Name extends ActionName>(
  arrival: Arrival,
  name: Name,
  call: SqsCall<Name> & { readonly input: Input<Name> },
): Promise<SqsResult<Response>> {
  const action: SqsAction<Name> = SQS_ACTIONS[name]
  const done = await action.handle(call)
  if (!done.ok) return done
  return ok(isLate<Name>(done.value) ? late(arrival, name, done.value) : prompt(arrival, name, done.value))
}

function isLate<Name extends ActionName>(output: Output<Name> | LateOutput<Name>): output is LateOutput<Name> {
  return output !== null && "produce" in output
}

function prompt<Name extends ActionName>(arrival: Arrival, name: Name, output: Output<Name>): Response {
  const { wire, requestId } = arrival
  return new Response(wire.start + wire.answer(name, output, requestId), { headers: headersOf(arrival) })
}

function late<Name extends ActionName>(arrival: Arrival, name: Name, { produce }: LateOutput<Name>): Response {
  const { wire, requestId } = arrival
  const form = { headers: headersOf(arrival), start: wire.start }
  return answerLate(
    arrival,
    async (gone) => {
      const { output, undelivered } = await produce(gone)
      return { text: wire.answer(name, output, requestId), undelivered }
    },
    form,
  )
}

function headersOf({ wire, requestId }: Arrival): Record<string, string> {
  return { "Content-Type": wire.contentType, "x-amzn-RequestId": requestId }
}

/** Says what time it is: clients whose clock is wrong sign anew with this one. */
function refusal(arrival: Arrival, failure: SqsFailure): Response {
  const { headers, text } = arrival.wire.refuse(failure, arrival.requestId)
  const status = SQS_ERRORS[failure.name].status
  return new Response(text, { status, headers: { ...headersOf(arrival), Date: new Date().toUTCString(), ...headers } })
}

function unknownOperation(arrival: Arrival): Response {
  return new Response(UNKNOWN_OPERATION, { status: 404, headers: headersOf(arrival) })
}

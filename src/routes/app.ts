import { type Context, Hono } from "hono"
import { EVERYTHING } from "../core/access/access.ts"
import type { Failure } from "../core/errors.ts"
import { NAME_PATTERN } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import { invalidField, pointerToken } from "../protocol/native/fields.ts"
import { INTERNAL_PROBLEM } from "../protocol/native/problems.ts"
import { discardBody } from "./body.ts"
import { answerSqs, SQS_PATHS, sqsWireOf } from "./doors/sqs/door.ts"
import type { Caller, Env } from "./env.ts"
import { authenticate } from "./middleware/auth.ts"
import { permit } from "./middleware/permit.ts"
import type { Operation } from "./operation.ts"
import { OPERATIONS } from "./operations.ts"
import { problemResponse, refusal } from "./respond.ts"
import { queryOf } from "./validate.ts"

type AppContext = Context<{ Bindings: Env }>

/** Parts of a path that are names, as opposed to numbers. */
const NAMES = ["queue", "topic", "group", "member"]
/** Whoever needs no token gets no namespace either. */
const NOBODY: Result<Caller, Failure> = ok({ namespace: "", access: EVERYTHING, endsAt: null, isRoot: false })

/** The broker's HTTP API. */
export const app = new Hono<{ Bindings: Env }>()

// One handler per route and no middleware: the router then calls it without composing a chain for each request.
for (const operation of OPERATIONS) {
  app.on(operation.method, operation.path, (context) => answer(operation, context))
}

for (const path of SQS_PATHS) {
  app.on(["GET", "POST"], path, (context) => {
    const request = context.req.raw
    const wire = sqsWireOf(request)
    if (wire === null) return notFound(context)
    return answerSqs(wire, request, context.env, (work) => context.executionCtx.waitUntil(work))
  })
}

app.notFound(notFound)

app.onError((error) => {
  console.error(JSON.stringify({ event: "internal_error", error: error.stack ?? String(error) }))
  return problemResponse(INTERNAL_PROBLEM)
})

async function notFound(context: AppContext): Promise<Response> {
  const caller = await authenticate(context.req.raw, context.env)
  return refuse(context.req.raw, caller.ok ? unrouted(context.req.path) : caller.error)
}

async function answer(operation: Operation, context: AppContext): Promise<Response> {
  const outcome = await run(operation, context)
  return outcome.ok ? outcome.value : refuse(context.req.raw, outcome.error)
}

async function refuse(request: Request, failure: Failure): Promise<Response> {
  await discardBody(request)
  return refusal(failure)
}

async function run(operation: Operation, context: AppContext): Promise<Result<Response, Failure>> {
  const request = context.req.raw
  const caller = operation.demand === "nothing" ? NOBODY : await authenticate(request, context.env)
  if (!caller.ok) return caller
  const params = context.req.param() as Record<string, string>
  const acceptable = checkUrl(operation, request, params)
  if (!acceptable.ok) return acceptable
  const permitted = permit(operation.demand, params, caller.value)
  if (!permitted.ok) return permitted
  return operation.handle({
    request,
    params,
    env: context.env,
    caller: caller.value,
    waitUntil: (work) => context.executionCtx.waitUntil(work),
  })
}

/** What every operation asks of its URL: names are names, and a query only where one is taken. */
function checkUrl(operation: Operation, { url }: Request, params: Record<string, string>): Result<null, Failure> {
  for (const part of NAMES) {
    const name = params[part]
    if (name !== undefined && !NAME_PATTERN.test(name)) return err({ code: "invalid_name", name })
  }
  if (operation.query !== null || !url.includes("?")) return ok(null)
  const [first] = queryOf(url).keys()
  return first === undefined ? ok(null) : invalidField(`/${pointerToken(first)}`, "unknown query parameter")
}

const PATHS = OPERATIONS.map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+").replaceAll(".", "\\.")}$`),
}))

function unrouted(path: string): Failure {
  const methods = PATHS.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
  if (methods.length === 0) return { code: "route_not_found" }
  return {
    code: "method_not_allowed",
    allow: methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])),
  }
}

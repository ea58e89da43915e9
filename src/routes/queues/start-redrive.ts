import { ok } from "../../core/result.ts"
import { readOptionalJson } from "../body.ts"
import { callQueue } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { filterOf } from "./message-filter.ts"
import { redriveSchema, redriveViewSchema } from "./operator-schemas.ts"
import { redriveView } from "./redrive-view.ts"
import { resolveTarget } from "./resolve-target.ts"

/** `POST /v1/queues/:queue/redrive` */
export const startRedrive: Operation = {
  id: "startRedrive",
  method: "POST",
  path: "/v1/queues/:queue/redrive",
  tag: "queues",
  summary: "Move messages back to where they came from, or to another queue",
  authenticated: true,
  query: null,
  body: { schema: redriveSchema, optional: true },
  responses: { 202: { description: "The redrive, which has begun.", schema: redriveViewSchema } },
  failures: ["invalid_json", "invalid_name", "not_found", "conflict", "unsupported_media_type", "invalid_field"],
  async handle(call) {
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const asked = validate(redriveSchema, body.value.value)
    if (!asked.ok) return asked
    const { queue: target, filter, maxMessagesPerSecond } = asked.value
    const request = { queue: target, filter: filterOf(filter), maxMessagesPerSecond }
    const started = await callQueue(call, call.params["queue"]!, "once", async (queue, { version, settings }) => {
      const fits = target === null ? ok(settings) : await resolveTarget(call, target, settings)
      return fits.ok ? queue.startRedrive(version, request) : fits
    })
    return started.ok ? json(redriveView(started.value), 202) : started
  },
}

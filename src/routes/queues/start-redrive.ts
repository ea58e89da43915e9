import { targetNeeds } from "../../core/access/uses.ts"
import { ok } from "../../core/result.ts"
import { readOptionalJson } from "../body.ts"
import { permitNeeds } from "../middleware/permit.ts"
import { callQueue } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { filterOf } from "./message-filter.ts"
import { redriveSchema, redriveViewSchema } from "./operator-schemas.ts"
import { redriveView } from "./redrive-view.ts"
import { resolveTarget } from "./resolve-target.ts"

/** Messages that go back to where they came from may go anywhere. */
const ANY_QUEUE = "*"

/** `POST /v1/queues/:queue/redrive` */
export const startRedrive: Operation = {
  id: "startRedrive",
  method: "POST",
  path: "/v1/queues/:queue/redrive",
  tag: "queues",
  summary: "Move messages back to where they came from, or to another queue",
  demand: { queue: "manage" },
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
    const permitted = permitNeeds(call, targetNeeds(target ?? ANY_QUEUE))
    if (!permitted.ok) return permitted
    const request = { queue: target, filter: filterOf(filter), maxMessagesPerSecond }
    const started = await callQueue(call, call.params["queue"]!, "once", async (queue, { version, settings }) => {
      const fits = target === null ? ok(settings) : await resolveTarget(call, target, settings)
      return fits.ok ? queue.startRedrive(version, request) : fits
    })
    return started.ok ? json(redriveView(started.value), 202) : started
  },
}

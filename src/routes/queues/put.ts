import { targetNeeds } from "../../core/access/uses.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { readOptionalJson } from "../body.ts"
import { permitNeeds } from "../middleware/permit.ts"
import { callCatalog, queueMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { queueView } from "./queue-view.ts"
import { queueSchema } from "./schemas.ts"
import { queuePatchSchema } from "./settings-schemas.ts"

/** `PUT /v1/queues/:queue` */
export const putQueue: Operation = {
  id: "putQueue",
  method: "PUT",
  path: "/v1/queues/:queue",
  tag: "queues",
  summary: "Create a queue, or change its settings",
  demand: { queue: "manage" },
  query: null,
  body: { schema: queuePatchSchema, optional: true },
  responses: {
    200: { description: "The queue was there; its settings are as asked for.", schema: queueSchema },
    201: { description: "The queue was created.", schema: queueSchema },
  },
  failures: ["invalid_json", "invalid_name", "invalid_field", "conflict", "being_deleted"],
  async handle(call) {
    const name = call.params["queue"]!
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const patch = validate(queuePatchSchema, body.value.value)
    if (!patch.ok) return patch
    const permitted = permitNeeds(call, targetNeeds(patch.value.deadLetterQueue))
    if (!permitted.ok) return permitted
    if (patch.value.deadLetterQueue === name) return invalidField("/deadLetterQueue", "must be another queue")
    const put = await callCatalog(call, "idempotent", (catalog) => catalog.putQueue(name, patch.value))
    if (!put.ok) return put
    const { created } = put.value
    const entry = queueMetadata.store(call, put.value.entry)
    return created ? json(queueView(entry), 201, { Location: `/v1/queues/${name}` }) : json(queueView(entry))
  },
}

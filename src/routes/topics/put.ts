import { readOptionalJson } from "../body.ts"
import { callCatalog, topicMetadata } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { topicSchema } from "./schemas.ts"
import { topicPatchSchema } from "./settings-schemas.ts"
import { topicView } from "./topic-view.ts"

/** `PUT /v1/topics/:topic` */
export const putTopic: Operation = {
  id: "putTopic",
  method: "PUT",
  path: "/v1/topics/:topic",
  tag: "topics",
  summary: "Create a topic, or change its settings",
  demand: { topic: "manage" },
  query: null,
  body: { schema: topicPatchSchema, optional: true },
  responses: {
    200: { description: "The topic was there; its settings are as asked for.", schema: topicSchema },
    201: { description: "The topic was created.", schema: topicSchema },
  },
  failures: ["invalid_json", "invalid_name", "unsupported_media_type", "invalid_field", "conflict", "being_deleted"],
  async handle(call) {
    const name = call.params["topic"]!
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const patch = validate(topicPatchSchema, body.value.value)
    if (!patch.ok) return patch
    const put = await callCatalog(call, "idempotent", (catalog) => catalog.putTopic(name, patch.value))
    if (!put.ok) return put
    const { created } = put.value
    const entry = topicMetadata.store(call, put.value.entry)
    return created ? json(topicView(entry), 201, { Location: `/v1/topics/${name}` }) : json(topicView(entry))
  },
}

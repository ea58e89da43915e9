import { readOptionalJson } from "../body.ts"
import { callCatalog } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { openProducerSchema, producerSchema } from "./append-schemas.ts"

/** `POST /v1/producers` */
export const openProducer: Operation = {
  id: "openProducer",
  method: "POST",
  path: "/v1/producers",
  tag: "topics",
  summary: "Take an id and epoch for appends that can be repeated",
  demand: { somewhere: "produce", kinds: ["topic", "queue"] },
  query: null,
  body: { schema: openProducerSchema, optional: true },
  responses: { 200: { description: "The producer's id and epoch.", schema: producerSchema } },
  failures: ["invalid_json", "unsupported_media_type", "invalid_field"],
  async handle(call) {
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const wanted = validate(openProducerSchema, body.value.value)
    if (!wanted.ok) return wanted
    const { name = null } = wanted.value
    // opened twice it is only at a later epoch, which nobody else knows
    const opened = await callCatalog(call, "idempotent", (catalog) => catalog.openProducer(name))
    return opened.ok ? json(opened.value) : opened
  },
}

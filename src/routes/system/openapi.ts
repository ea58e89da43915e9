import * as v from "valibot"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"

/** `GET /openapi.json` */
export const openapi: Operation = {
  id: "openapi",
  method: "GET",
  path: "/openapi.json",
  tag: "system",
  summary: "This description",
  demand: "nothing",
  query: null,
  body: null,
  responses: { 200: { description: "OpenAPI 3.1.", schema: v.looseObject({ openapi: v.string() }) } },
  failures: [],
  async handle() {
    // When asked for: the description is made from the very operations that this module is one of.
    const description: { readonly default: unknown } = await import("../../../openapi.json", { with: { type: "json" } })
    return json(description.default)
  },
}

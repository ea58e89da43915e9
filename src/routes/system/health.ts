import * as v from "valibot"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"

/** `GET /healthz` */
export const health: Operation = {
  id: "health",
  method: "GET",
  path: "/healthz",
  tag: "system",
  summary: "Whether the Worker answers",
  demand: "nothing",
  query: null,
  body: null,
  responses: { 200: { description: "It does.", schema: v.object({ status: v.literal("ok") }) } },
  failures: [],
  handle: async () => json({ status: "ok" }),
}

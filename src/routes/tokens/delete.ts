import { ACCESS_KEY_ID } from "../../core/limits.ts"
import { err } from "../../core/result.ts"
import { callObject } from "../call-object.ts"
import type { Operation } from "../operation.ts"
import { noContent } from "../respond.ts"
import { forgetAccessKey } from "./known-access-keys.ts"

/** `DELETE /v1/tokens/{accessKeyId}` */
export const deleteAccessKey: Operation = {
  id: "deleteAccessKey",
  method: "DELETE",
  path: "/v1/tokens/:accessKeyId",
  tag: "tokens",
  summary: "Take an access key back",
  demand: "root",
  query: null,
  body: null,
  responses: { 204: { description: "It is good no more: everywhere within half a minute.", schema: null } },
  failures: ["not_found"],
  async handle({ env, params }) {
    const id = params["accessKeyId"]!
    if (!ACCESS_KEY_ID.test(id)) return err({ code: "not_found", resource: "access key", name: id })
    const removed = await callObject("once", () => env.ACCESS_KEYS.getByName(id).remove())
    if (!removed.ok) return removed
    forgetAccessKey(id)
    return noContent()
  },
}

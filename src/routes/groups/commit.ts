import { commitNeeds } from "../../core/access/uses.ts"
import { commitResultsJson, parseCommits } from "../../protocol/native/offset-commits.ts"
import { readJson } from "../body.ts"
import { permitNeeds } from "../middleware/permit.ts"
import type { Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { commitOffsets } from "./commit-offsets.ts"
import { commitSchema, committedSchema } from "./offset-schemas.ts"

/** `POST /v1/groups/:group/offsets` */
export const commitGroupOffsets: Operation = {
  id: "commitGroupOffsets",
  method: "POST",
  path: "/v1/groups/:group/offsets",
  tag: "groups",
  summary: "Commit offsets, and with them maybe records to their partitions",
  demand: { group: "consume" },
  query: null,
  body: { schema: commitSchema },
  responses: { 200: { description: "One result per offset, in order.", schema: committedSchema } },
  failures: [
    "invalid_json",
    "invalid_name",
    "not_found",
    "being_deleted",
    "payload_too_large",
    "unsupported_media_type",
    "invalid_field",
    "conflict",
  ],
  async handle(call) {
    const body = await readJson(call.request)
    if (!body.ok) return body
    const parsed = parseCommits(body.value.text, body.value.value)
    if (!parsed.ok) return parsed
    const { memberId, offsets } = parsed.value
    const permitted = permitNeeds(call, commitNeeds(offsets))
    if (!permitted.ok) return permitted
    const outcomes = await commitOffsets(call, call.params["group"]!, memberId, offsets)
    return outcomes.ok ? jsonText(`{"results":${commitResultsJson(offsets, outcomes.value)}}`) : outcomes
  },
}

import { consumeNeeds } from "../../core/access/uses.ts"
import { ok } from "../../core/result.ts"
import { problemOf } from "../../protocol/native/problems.ts"
import { readJson } from "../body.ts"
import { answerLate } from "../late-answer.ts"
import { permitNeeds } from "../middleware/permit.ts"
import type { Operation } from "../operation.ts"
import { jsonText } from "../respond.ts"
import { readMembers } from "../topics/read-parts.ts"
import { validate } from "../validate.ts"
import { fetchedSchema, fetchSchema } from "./fetch-schemas.ts"
import { type FetchedPart, fetchLonger, fetchParts, type MemberFetch, hasNews } from "./fetch-parts.ts"

const NOTHING_TO_UNDO = async (): Promise<void> => {}

/** `POST /v1/groups/:group/members/:member/fetch` */
export const fetchRecords: Operation = {
  id: "fetchRecords",
  method: "POST",
  path: "/v1/groups/:group/members/:member/fetch",
  tag: "groups",
  summary: "Read records of a member's partitions, waiting for the first if there is none",
  demand: { group: "consume" },
  query: null,
  body: { schema: fetchSchema },
  responses: { 200: { description: "One entry per partition, in the order asked for.", schema: fetchedSchema } },
  failures: ["invalid_json", "invalid_name", "not_found", "unsupported_media_type", "invalid_field", "conflict"],
  async handle(call) {
    const body = await readJson(call.request)
    if (!body.ok) return body
    const asked = validate(fetchSchema, body.value.value)
    if (!asked.ok) return asked
    const { partitions, maxRecords, maxBytes, waitMs } = asked.value
    const permitted = permitNeeds(call, consumeNeeds(partitions.map(({ topic }) => topic)))
    if (!permitted.ok) return permitted
    const share = (limit: number): number => Math.max(1, Math.floor(limit / partitions.length))
    const fetch: MemberFetch = {
      group: call.params["group"]!,
      memberId: call.params["member"]!,
      limits: { maxRecords: share(maxRecords), maxBytes: share(maxBytes) },
    }
    const parts = await fetchParts(call, fetch, partitions)
    if (!parts.ok) return parts
    if (waitMs === 0 || hasNews(parts.value)) return jsonText(partsJson(parts.value))
    return ok(
      answerLate(call, async (gone) => ({
        text: partsJson(await fetchLonger(call, fetch, parts.value, waitMs, gone)),
        undelivered: NOTHING_TO_UNDO,
      })),
    )
  },
}

function partsJson(parts: readonly FetchedPart[]): string {
  return `{"partitions":[${parts.map(partJson).join(",")}]}`
}

function partJson({ place, read }: FetchedPart): string {
  const { topic, partition } = place
  if (!read.ok) return JSON.stringify({ topic, partition, problem: problemOf(read.error).document })
  return `{"topic":${JSON.stringify(topic)},"partition":${partition},${readMembers(read.value)}}`
}

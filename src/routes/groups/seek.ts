import { consumeNeeds } from "../../core/access/uses.ts"
import type { GroupSeekResult } from "../../core/group/commands.ts"
import type { SeekTarget } from "../../core/stream/group-commands.ts"
import type { InferOutput } from "valibot"
import { problemOf } from "../../protocol/native/problems.ts"
import { checkKind } from "../../session/group-kind.ts"
import { readJson } from "../body.ts"
import { permitNeeds } from "../middleware/permit.ts"
import { callGroup } from "../objects.ts"
import type { Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { seekSchema, soughtSchema } from "./offset-schemas.ts"

/** `POST /v1/groups/:group/seek` */
export const seekGroup: Operation = {
  id: "seekGroup",
  method: "POST",
  path: "/v1/groups/:group/seek",
  tag: "groups",
  summary: "Move a consumer group's offsets in a topic, or show where they would go",
  demand: { group: "consume" },
  query: null,
  body: { schema: seekSchema },
  responses: { 200: { description: "One result per partition.", schema: soughtSchema } },
  failures: [
    "invalid_json",
    "invalid_name",
    "not_found",
    "being_deleted",
    "unsupported_media_type",
    "invalid_field",
    "conflict",
  ],
  async handle(call) {
    const body = await readJson(call.request)
    if (!body.ok) return body
    const asked = validate(seekSchema, body.value.value)
    if (!asked.ok) return asked
    const { topic, partitions = null, to, dryRun } = asked.value
    const permitted = permitNeeds(call, consumeNeeds([topic]))
    if (!permitted.ok) return permitted
    const target = targetOf(to)
    // to shift twice is to shift farther
    const repeat = target.kind === "shift" && !dryRun ? "once" : "idempotent"
    const sought = await callGroup(call, call.params["group"]!, repeat, async (group, entry) => {
      const checked = checkKind(entry, "consumer")
      return checked.ok ? group.seek(entry.version, { topic, partitions, target, dryRun }) : checked
    })
    return sought.ok ? json({ results: sought.value.map(resultView) }) : sought
  },
}

function targetOf(to: InferOutput<typeof seekSchema>["to"]): SeekTarget {
  if (typeof to === "string") return { kind: to }
  if ("offset" in to) return { kind: "offset", offset: to.offset }
  if ("timestamp" in to) return { kind: "timestamp", timestamp: to.timestamp }
  if ("shiftBy" in to) return { kind: "shift", by: to.shiftBy }
  return { kind: "duration", durationMs: to.durationMs }
}

function resultView(result: GroupSeekResult) {
  if (!("failure" in result)) return result
  const { topic, partition, failure } = result
  return { topic, partition, problem: problemOf(failure).document }
}

import { subscriptionNeeds } from "../../core/access/uses.ts"
import type { HeartbeatRequest, MemberView, TopicPartition } from "../../core/group/commands.ts"
import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import { heartbeatIntervalOf, memberView } from "../../protocol/native/member-json.ts"
import { readOptionalJson } from "../body.ts"
import { placeKey } from "../../session/assignment.ts"
import { answerLate } from "../late-answer.ts"
import { permitNeeds } from "../middleware/permit.ts"
import { callGroup } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validate } from "../validate.ts"
import { heartbeatSchema, memberSchema } from "./member-schemas.ts"
import { newsOf } from "./member-news.ts"

/** What a member says that it works on, and since when if it says so. */
interface Owned extends TopicPartition {
  readonly epoch?: number
}

/** `POST /v1/groups/:group/members/:member/heartbeat` */
export const heartbeat: Operation = {
  id: "heartbeat",
  method: "POST",
  path: "/v1/groups/:group/members/:member/heartbeat",
  tag: "groups",
  summary: "Show that a member is there, and hear what it has; waiting for a change if there is none",
  demand: { group: "consume" },
  query: null,
  body: { schema: heartbeatSchema, optional: true },
  responses: { 200: { description: "The member.", schema: memberSchema } },
  failures: ["invalid_json", "invalid_name", "not_found", "being_deleted", "unsupported_media_type", "invalid_field"],
  async handle(call) {
    const body = await readOptionalJson(call.request)
    if (!body.ok) return body
    const asked = validate(heartbeatSchema, body.value.value)
    if (!asked.ok) return asked
    const { owned = null, topics, patterns, waitMs = 0 } = asked.value
    const isSubscribing = topics !== undefined || patterns !== undefined
    const subscription = isSubscribing ? { topics: topics ?? [], patterns: patterns ?? [] } : null
    const permitted = permitNeeds(call, subscription === null ? [] : subscriptionNeeds(subscription))
    if (!permitted.ok) return permitted
    const places = owned && owned.map(placeOf)
    const request: HeartbeatRequest = { memberId: call.params["member"]!, owned: places, subscription }
    const heard = await callGroup(call, call.params["group"]!, "idempotent", (group, { version }) =>
      group.heartbeat(version, request),
    )
    if (!heard.ok) return heard
    return answer(call, withOutdated(heard.value, owned ?? []), owned, waitMs)
  },
}

function answer(
  call: Call,
  view: MemberView,
  owned: readonly Owned[] | null,
  waitMs: number,
): Result<Response, Failure> {
  // one that does not say since when may work on what it lost and got again: it is not left in the dark for long
  const isBrief = isAsked(view) || (owned ?? []).some(({ epoch }) => epoch === undefined)
  const longestMs = Math.min(waitMs, view.sessionTimeoutMs / 2, isBrief ? heartbeatIntervalOf(view) : Infinity)
  if (waitMs === 0 || owned === null || !isKnown(view, owned)) return json(memberView(view))
  return ok(
    answerLate(call, async (gone) => {
      const news = await newsOf(call, view, longestMs, gone)
      return { text: JSON.stringify(memberView(news)), undelivered: async () => {} }
    }),
  )
}

/** Whether there is nothing in `view` that its member, who works on `owned`, did not know. */
function isKnown({ partitions, lost }: MemberView, owned: readonly Owned[]): boolean {
  const known = new Set(owned.map(placeKey))
  if (lost.length > 0 || known.size !== partitions.length) return false
  return partitions.every((place) => known.has(placeKey(place)))
}

/** What the member works on at an epoch that is over it has lost, though it may have it anew. */
function withOutdated(view: MemberView, owned: readonly Owned[]): MemberView {
  const epochs = new Map(view.partitions.map((place) => [placeKey(place), place.epoch]))
  const outdated = owned.filter((one) => {
    const epoch = epochs.get(placeKey(one))
    return one.epoch !== undefined && epoch !== undefined && epoch !== one.epoch
  })
  return outdated.length === 0 ? view : { ...view, lost: [...view.lost, ...outdated.map(placeOf)] }
}

function placeOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

/** Whether it is to give something up, and may not know: then it is told soon. */
function isAsked({ partitions }: MemberView): boolean {
  return partitions.some(({ revokeAt }) => revokeAt !== null)
}

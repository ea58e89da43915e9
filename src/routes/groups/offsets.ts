import type { Failure } from "../../core/errors.ts"
import type { TopicPartition } from "../../core/group/commands.ts"
import { MAX_SHOWN_OFFSETS } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"
import type { GroupOffset } from "../../core/stream/group-commands.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { checkKind } from "../../session/group-kind.ts"
import { each } from "../each.ts"
import { permitNeeds } from "../middleware/permit.ts"
import { callGroup, callPartition, topicMetadata } from "../objects.ts"
import type { Call, Operation } from "../operation.ts"
import { json } from "../respond.ts"
import { validateQuery } from "../validate.ts"
import { groupOffsetsSchema, offsetsQuerySchema } from "./offset-schemas.ts"

/** `GET /v1/groups/:group/offsets` */
export const getGroupOffsets: Operation = {
  id: "getGroupOffsets",
  method: "GET",
  path: "/v1/groups/:group/offsets",
  tag: "groups",
  summary: "Show where a consumer group stands, and how far it is behind",
  demand: { group: "read" },
  query: offsetsQuerySchema,
  body: null,
  responses: { 200: { description: "One entry per partition, and the lag in sum.", schema: groupOffsetsSchema } },
  failures: ["invalid_name", "not_found", "being_deleted", "invalid_field", "conflict"],
  async handle(call) {
    const query = validateQuery(offsetsQuerySchema, call.request)
    if (!query.ok) return query
    const { topic } = query.value
    const permitted = permitNeeds(call, topic === undefined ? [] : [{ action: "read", kind: "topic", name: topic }])
    if (!permitted.ok) return permitted
    const group = await knownTopics(call)
    if (!group.ok) return group
    const readable = group.value.topics.filter((name) => call.caller.access.allows("read", "topic", name))
    const places = await placesOf(call, topic === undefined ? readable : [topic], topic !== undefined)
    if (!places.ok) return places
    if (places.value.length > MAX_SHOWN_OFFSETS) {
      return invalidField("/topic", `the group has ${places.value.length} partitions: name one of its topics`)
    }
    const { generation } = group.value
    const offsets = await each(places.value, (place) => offsetOf(call, generation, place))
    const failed = offsets.find((offset) => !offset.ok)
    if (failed?.ok === false) return failed
    const partitions = offsets.flatMap((offset) => (offset.ok ? [offset.value] : []))
    return json({ lag: partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0), partitions })
  },
}

async function knownTopics(
  call: Call,
): Promise<Result<{ readonly generation: number; readonly topics: readonly string[] }, Failure>> {
  return callGroup(call, call.params["group"]!, "idempotent", async (stub, entry) => {
    const checked = checkKind(entry, "consumer")
    if (!checked.ok) return checked
    const described = await stub.describe(entry.version)
    if (!described.ok) return described
    return ok({ generation: entry.incarnation, topics: described.value.topics.map(({ topic }) => topic) })
  })
}

/** All partitions of `topics`; one that is gone has none, unless it was asked for by its name. */
async function placesOf(
  call: Call,
  topics: readonly string[],
  isNamed: boolean,
): Promise<Result<TopicPartition[], Failure>> {
  const places: TopicPartition[] = []
  for (const topic of topics) {
    const known = await topicMetadata.resolve(call, topic)
    if (!known.ok && (isNamed || known.error.code !== "not_found")) return known
    const partitions = known.ok ? known.value.entry.settings.partitions : 0
    for (let partition = 0; partition < partitions; partition++) places.push({ topic, partition })
  }
  return ok(places)
}

function offsetOf(call: Call, generation: number, { topic, partition }: TopicPartition) {
  return callPartition(call, topic, partition, "idempotent", async (stub, { version }) => {
    const offset = await stub.groupOffset(version, call.params["group"]!, generation)
    return offset.ok ? ok({ topic, partition, ...offsetView(offset.value) }) : offset
  })
}

function offsetView(offset: GroupOffset) {
  const { committedOffset, metadata, committedAt, startOffset, endOffset, memberId, epoch } = offset
  // what was trimmed is not left to be read
  const lag = committedOffset === null ? null : endOffset - Math.max(committedOffset, startOffset)
  return { committedOffset, metadata, committedAt, startOffset, endOffset, lag, memberId, epoch }
}

import * as v from "valibot"
import { MAX_PARTITIONS } from "../../core/limits.ts"
import { countSchema, instantSchema, integer, nameSchema } from "../schemas.ts"
import { groupSettingsSchema } from "./settings-schemas.ts"

const partition = integer(0, MAX_PARTITIONS - 1)

const groupEntries = {
  name: nameSchema,
  settings: groupSettingsSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
}

/** A group as the catalog knows it. */
export const groupSchema = v.object(groupEntries)

/** A group with its members and what they have. */
export const groupWithMembersSchema = v.object({
  ...groupEntries,
  epoch: countSchema,
  state: v.picklist(["empty", "rebalancing", "stable"]),
  members: v.array(
    v.object({
      memberId: v.string(),
      instanceId: v.nullable(v.string()),
      topics: v.array(nameSchema),
      patterns: v.array(v.string()),
      lastHeartbeatAt: instantSchema,
      partitions: v.array(v.object({ topic: nameSchema, partition })),
    }),
  ),
  topics: v.array(
    v.object({
      topic: nameSchema,
      partitions: v.array(v.object({ partition, memberId: v.nullable(v.string()) })),
    }),
  ),
})

/** One page of groups. */
export const groupListSchema = v.object({ groups: v.array(groupSchema), cursor: v.nullable(nameSchema) })

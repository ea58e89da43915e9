import * as v from "valibot"
import {
  MAX_MESSAGE_BYTES,
  MAX_PARTITIONS,
  MAX_RETENTION_MS,
  MAX_STORED_BYTES,
  MIN_RETENTION_BYTES,
  MIN_RETENTION_MS,
} from "../../core/limits.ts"
import { integer } from "../schemas.ts"

const settings = {
  partitions: integer(1, MAX_PARTITIONS),
  keyOrder: v.picklist(["preserve", "relaxed"], "must be preserve or relaxed"),
  cleanup: v.picklist(["delete", "compact", "both"], "must be delete, compact or both"),
  retentionMs: v.nullable(integer(MIN_RETENTION_MS, MAX_RETENTION_MS)),
  retentionBytes: v.nullable(integer(MIN_RETENTION_BYTES, MAX_STORED_BYTES)),
  minCompactionLagMs: integer(0, MAX_RETENTION_MS),
  deleteRetentionMs: integer(0, MAX_RETENTION_MS),
  maxRecordBytes: integer(1, MAX_MESSAGE_BYTES),
  timestamp: v.picklist(["broker", "producer"], "must be broker or producer"),
}

/** All settings of a topic. */
export const topicSettingsSchema = v.object(settings)

/** Settings to create with or to change; what is left out stays as it is, or is the default. */
export const topicPatchSchema = v.strictObject({
  partitions: v.exactOptional(settings.partitions),
  keyOrder: v.exactOptional(settings.keyOrder),
  cleanup: v.exactOptional(settings.cleanup),
  retentionMs: v.exactOptional(settings.retentionMs),
  retentionBytes: v.exactOptional(settings.retentionBytes),
  minCompactionLagMs: v.exactOptional(settings.minCompactionLagMs),
  deleteRetentionMs: v.exactOptional(settings.deleteRetentionMs),
  maxRecordBytes: v.exactOptional(settings.maxRecordBytes),
  timestamp: v.exactOptional(settings.timestamp),
})

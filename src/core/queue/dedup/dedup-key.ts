import { utf8 } from "../../bytes/text.ts"
import { ByteWriter } from "../../bytes/writer.ts"

/** The first byte keeps keys of different kinds apart, whatever their ids are. */
const OF_QUEUE = 0
const OF_NO_GROUP = 1
const OF_GROUP = 2

/**
 * The bytes under which a deduplication id is remembered: equal for two messages exactly if one repeats the other.
 * In the scope "group" messages without a group form a scope of their own.
 */
export function dedupKey(scope: "queue" | "group", groupId: string | null, id: string): Uint8Array {
  const writer = new ByteWriter()
  if (scope === "queue") writer.u8(OF_QUEUE)
  else if (groupId === null) writer.u8(OF_NO_GROUP)
  else {
    writer.u8(OF_GROUP)
    writer.lengthAndBytes(utf8(groupId))
  }
  writer.bytes(utf8(id))
  return writer.finish()
}

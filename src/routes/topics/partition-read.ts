import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import type { ReadReply, ReadRequest } from "../../core/stream/commands.ts"
import type { TopicSettings } from "../../core/stream/settings.ts"
import type { Position } from "../../protocol/native/position.ts"
import { callPartition } from "../objects.ts"
import type { Call } from "../operation.ts"

/** How much to read. */
export type ReadLimits = Omit<ReadRequest, "offset">

/** What a partition answered. */
export interface PartitionRead {
  readonly fromOffset: number
  readonly reply: ReadReply
  /** Whose time records show. */
  readonly timestamp: TopicSettings["timestamp"]
}

/**
 * Reads `partition` from `position` on. One that is no offset names a place in the log as it is: where the log start
 * has just passed it, it is the log start.
 */
export async function readPartition(
  call: Call,
  partition: number,
  position: Position,
  limits: ReadLimits,
): Promise<Result<PartitionRead, Failure>> {
  const offset = await offsetOf(call, partition, position)
  if (!offset.ok) return offset
  const read = await readAt(call, partition, { offset: offset.value, ...limits })
  if (read.ok || read.error.code !== "offset_trimmed" || position.kind === "offset") return read
  return readAt(call, partition, { offset: read.error.earliestOffset, ...limits })
}

/** The offset that `position` is now. */
export async function offsetOf(call: Call, partition: number, position: Position): Promise<Result<number, Failure>> {
  switch (position.kind) {
    case "offset":
      return ok(position.offset)
    case "earliest":
      // is told where the log begins unless that is there
      return ok(0)
    case "latest":
      return beforeEnd(call, partition, 0)
    case "last":
      return beforeEnd(call, partition, position.count)
    case "time":
      return offsetAt(call, partition, position.timestamp)
  }
}

async function beforeEnd(call: Call, partition: number, count: number): Promise<Result<number, Failure>> {
  const statistics = await callPartition(call, call.params["topic"]!, partition, "idempotent", (stub, { version }) =>
    stub.statistics(version),
  )
  if (!statistics.ok) return statistics
  const { startOffset, endOffset } = statistics.value
  return ok(Math.max(startOffset, endOffset - count))
}

async function offsetAt(call: Call, partition: number, timestamp: number): Promise<Result<number, Failure>> {
  const found = await callPartition(call, call.params["topic"]!, partition, "idempotent", (stub, { version }) =>
    stub.offsetAt(version, timestamp),
  )
  return found.ok ? ok(found.value.offset) : found
}

function readAt(call: Call, partition: number, request: ReadRequest): Promise<Result<PartitionRead, Failure>> {
  return callPartition(call, call.params["topic"]!, partition, "idempotent", async (stub, entry) => {
    const reply = await stub.read(entry.version, request)
    const { timestamp } = entry.settings
    return reply.ok ? ok({ fromOffset: request.offset, reply: reply.value, timestamp }) : reply
  })
}

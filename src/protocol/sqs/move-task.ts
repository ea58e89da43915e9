import { ok } from "../../core/result.ts"
import type { Redrive } from "../../core/queue/operator/commands.ts"
import { queueNameOfArn } from "../aws/arn.ts"
import { decodeBase64, encodeBase64 } from "../native/base64.ts"
import type { Input, Output } from "./actions.ts"
import { refuse, type SqsResult } from "./errors.ts"
import { parseJsonObject } from "./json-text.ts"
import { DEFAULT_LISTED_MOVE_TASKS, MAX_LISTED_MOVE_TASKS, MAX_MOVES_PER_SECOND } from "./limits.ts"

/** What a task is to do: `destination` is null for the queues that the messages are dead letters of. */
export interface MoveTaskRequest {
  readonly source: string
  readonly destination: string | null
  readonly maxMessagesPerSecond: number | null
}

/** A task, as its handle names it. */
export interface MoveTaskName {
  readonly source: string
  readonly taskId: string
}

/** Which life of a queue a task belongs to, and which of its redrives it is. */
interface TaskNumbers {
  readonly incarnation: number
  readonly no: number
}

type Task = Output<"ListMessageMoveTasks">["Results"][number]

/** Reads what StartMessageMoveTask is asked with. */
export function parseMoveTask(input: Input<"StartMessageMoveTask">): SqsResult<MoveTaskRequest> {
  const { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond: rate = null } = input
  const source = parseArn("SourceArn", SourceArn)
  if (!source.ok) return source
  const destination = DestinationArn === undefined ? null : parseArn("DestinationArn", DestinationArn)
  if (destination?.ok === false) return destination
  if (rate !== null && (rate < 1 || rate > MAX_MOVES_PER_SECOND)) {
    return outOfRange(
      "MaxNumberOfMessagesPerSecond",
      `You must enter a number that's between 1 and ${MAX_MOVES_PER_SECOND}.`,
    )
  }
  if (destination?.value === source.value) {
    return refuse("InvalidParameterValue", "Source queue arn and destination queue arn cannot be the same.")
  }
  return ok({ source: source.value, destination: destination?.value ?? null, maxMessagesPerSecond: rate })
}

/** Reads what ListMessageMoveTasks is asked with. */
export function parseMoveTaskList({
  SourceArn,
  MaxResults = DEFAULT_LISTED_MOVE_TASKS,
}: Input<"ListMessageMoveTasks">): SqsResult<{ readonly source: string; readonly limit: number }> {
  const source = parseArn("SourceArn", SourceArn)
  if (!source.ok) return source
  if (MaxResults >= 1 && MaxResults <= MAX_LISTED_MOVE_TASKS) {
    return ok({ source: source.value, limit: MaxResults })
  }
  return outOfRange("MaxResults", `MaxResults must be an integer between 1 and ${MAX_LISTED_MOVE_TASKS}.`)
}

/** The refusal of a queue that is not there. */
export function missingQueue(parameter: "SourceArn" | "DestinationArn") {
  const message = `The resource that you specified for the ${parameter} parameter doesn't exist.`
  return refuse("ResourceNotFoundException", message)
}

/** A UUID that is the same for the same redrive whenever it is asked for. */
export function taskIdOf({ incarnation, no }: TaskNumbers): string {
  const [life, task] = [incarnation, no].map((number) => number.toString(16).padStart(12, "0")) as [string, string]
  return `${life.slice(0, 8)}-${life.slice(8)}-8000-8000-${task}`
}

/** What a task is cancelled by. */
export function taskHandle(taskId: string, sourceArn: string): string {
  return encodeBase64(new TextEncoder().encode(JSON.stringify({ taskId, sourceArn })), "standard")
}

/** Reads a handle. Whether there is such a task is not said by it. */
export function parseTaskHandle(handle: string): SqsResult<MoveTaskName> {
  const bytes = decodeBase64(handle, "standard")
  const { taskId, sourceArn } = (bytes && parseJsonObject(new TextDecoder().decode(bytes))) ?? {}
  const source = typeof sourceArn === "string" ? queueNameOfArn(sourceArn) : null
  if (typeof taskId === "string" && source !== null) return ok({ source, taskId })
  return refuse("InvalidParameterValue", "Value for parameter TaskHandle is invalid.")
}

/** A redrive of the queue `source`, as a list of tasks shows it. */
export function moveTaskOf(
  redrive: Redrive,
  source: { readonly name: string; readonly incarnation: number },
  arnOf: (queue: string) => string,
): Task {
  const { no, queue, maxMessagesPerSecond, moved, skipped, offset, endOffset, startedAt } = redrive
  const sourceArn = arnOf(source.name)
  const isRunning = redrive.state === "running"
  const isFailed = !isRunning && isWithoutSource(redrive)
  return {
    ...(isRunning ? { TaskHandle: taskHandle(taskIdOf({ incarnation: source.incarnation, no }), sourceArn) } : {}),
    Status: isFailed ? "FAILED" : STATUSES[redrive.state],
    SourceArn: sourceArn,
    ...(queue === null ? {} : { DestinationArn: arnOf(queue) }),
    ...(maxMessagesPerSecond === null ? {} : { MaxNumberOfMessagesPerSecond: maxMessagesPerSecond }),
    ApproximateNumberOfMessagesMoved: moved,
    ApproximateNumberOfMessagesToMove: redrive.messages ?? moved + skipped + Math.max(0, endOffset - offset),
    ...(isFailed ? { FailureReason: "CouldNotDetermineMessageSource" } : {}),
    StartedTimestamp: startedAt,
  }
}

const STATUSES: Readonly<Record<Redrive["state"], string>> = {
  running: "RUNNING",
  done: "COMPLETED",
  cancelled: "CANCELLED",
}

/** Whether it came to its end, and had to leave messages that were sent to the queue itself. */
function isWithoutSource({ state, queue, sourceless = 0 }: Redrive): boolean {
  return state === "done" && queue === null && sourceless > 0
}

function parseArn(parameter: string, arn: string): SqsResult<string> {
  const name = queueNameOfArn(arn)
  if (name !== null) return ok(name)
  const format = "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
  return refuse("InvalidParameterValue", `You must use this format to specify the ${parameter}: ${format}`)
}

function outOfRange(parameter: string, reason: string) {
  return refuse("InvalidParameterValue", `Value for parameter ${parameter} is invalid. Reason: ${reason}`)
}

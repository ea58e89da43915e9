import { NAME_PATTERN } from "../../core/limits.ts"
import { ok } from "../../core/result.ts"
import { invalidParameter, refuse, type SqsResult } from "./errors.ts"
import { MAX_QUEUE_NAME_CHARACTERS } from "./limits.ts"

const FIFO_SUFFIX = ".fifo"
const NAME = /^[A-Za-z0-9_-]+$/

/** Checks the name of a queue that is to be created; made otherwise a queue may have any name of the broker's. */
export function checkNewQueueName(name: string, isFifo: boolean): SqsResult<string> {
  const stem = isFifo && name.endsWith(FIFO_SUFFIX) ? name.slice(0, -FIFO_SUFFIX.length) : name
  const isSuffixed = stem !== name
  if (!NAME.test(stem) || name.length > MAX_QUEUE_NAME_CHARACTERS || isSuffixed !== isFifo) {
    return refuse("InvalidParameterValue", isFifo ? FIFO_NAME : STANDARD_NAME)
  }
  if (NAME_PATTERN.test(name)) return ok(name)
  return invalidParameter("QueueName", name, "Must begin with a letter or a digit.")
}

const STANDARD_NAME = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
const FIFO_NAME =
  "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, " +
  "must end with .fifo suffix and be 1 to 80 in length."

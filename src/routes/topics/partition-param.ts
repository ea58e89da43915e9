import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import type { Call } from "../operation.ts"

const PARTITION_PATTERN = /^(0|[1-9]\d{0,5})$/

/** The partition in the path; whether the topic has it is for the topic to say. */
export function partitionParam({ params }: Call): Result<number, Failure> {
  const text = params["partition"] ?? ""
  if (PARTITION_PATTERN.test(text)) return ok(Number(text))
  return err({ code: "invalid_request", detail: "A partition is named by its number." })
}

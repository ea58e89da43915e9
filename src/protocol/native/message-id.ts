import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"

/** What a message's id names. */
export interface MessageIdParts {
  readonly incarnation: number
  readonly shard: number
  readonly counter: number
}

const PATTERN = /^(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/

/** The id of a message as clients see it: which life of which queue, which shard, and the counter given at the send (or, as a prefix, none). */
export function formatMessageId(incarnation: number, shard: number, counter: number | ""): string {
  return `${incarnation}-${shard}-${counter}`
}

/** What `text` names, or `invalid_request` where `formatMessageId` can't have made it. */
export function parseMessageId(text: string): Result<MessageIdParts, Failure> {
  const numbers = PATTERN.exec(text)?.slice(1).map(Number) ?? []
  const [incarnation, shard, counter] = numbers
  if (
    incarnation === undefined ||
    shard === undefined ||
    counter === undefined ||
    !numbers.every(Number.isSafeInteger)
  ) {
    return err({ code: "invalid_request", detail: "The path does not hold the id of a message." })
  }
  return ok({ incarnation, shard, counter })
}

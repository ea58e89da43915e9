import type { Header } from "../../core/log/types.ts"
import { ACCOUNT_ID } from "../aws/account.ts"
import { encodeUtf8, isJsonObject } from "../native/fields.ts"
import { parseJsonObject } from "./json-text.ts"

/** Headers of the broker's own begin so; attributes of messages must not. */
export const RESERVED_PREFIX = "millrace-"
/** The header that holds what SQS knows of a message and the broker has no place for. */
export const DETAILS_HEADER = `${RESERVED_PREFIX}sqs`

/** What SQS knows of a message besides body, group and the text of its attributes. */
export interface MessageDetails {
  /** Data types of attributes by name, where they are not exactly `String`. */
  readonly types: ReadonlyMap<string, string>
  /** `MessageDeduplicationId`, where the sender gave one. */
  readonly dedup: string | null
  /** `AWSTraceHeader` */
  readonly trace: string | null
  /** `SenderId`, where that is not the owner of the queue. */
  readonly sender: string | null
  /** `MessageGroupId` on a queue that knows no groups. */
  readonly group: string | null
}

export const NO_DETAILS: MessageDetails = { types: new Map(), dedup: null, trace: null, sender: null, group: null }

const NAME = encodeUtf8(DETAILS_HEADER).slice()

/** The header that holds `details`, null where there is nothing to hold. */
export function detailsHeader({ types, dedup, trace, sender, group }: MessageDetails): Header | null {
  if (types.size === 0 && dedup === null && trace === null && sender === null && group === null) return null
  const json = JSON.stringify({
    ...(types.size > 0 && { types: Object.fromEntries(types) }),
    ...(dedup !== null && { dedup }),
    ...(trace !== null && { trace }),
    ...(sender !== null && { sender }),
    ...(group !== null && { group }),
  })
  return { name: NAME, value: encodeUtf8(json) }
}

/** Reads the text of such a header. Native clients may write it too: what is not as it should be is left out. */
export function parseDetails(text: string): MessageDetails {
  const value = parseJsonObject(text)
  if (value === null) return NO_DETAILS
  const { types, dedup, trace, sender, group } = value
  return {
    types: typesOf(types),
    dedup: textOf(dedup),
    trace: textOf(trace),
    sender: accountIn(sender),
    group: textOf(group),
  }
}

function typesOf(value: unknown): ReadonlyMap<string, string> {
  if (!isJsonObject(value)) return NO_DETAILS.types
  const types = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string")
  return new Map(types)
}

function accountIn(value: unknown): string | null {
  return typeof value === "string" && ACCOUNT_ID.test(value) ? value : null
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null
}

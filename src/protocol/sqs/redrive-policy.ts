import { ok } from "../../core/result.ts"
import { queueNameOfArn } from "../aws/arn.ts"
import { invalidParameter, refuse, type SqsFailure, type SqsResult } from "./errors.ts"
import { parseJsonObject } from "./json-text.ts"
import { MAX_RECEIVE_COUNT, MAX_REDRIVE_SOURCES } from "./limits.ts"

/** Where messages go that were received too often: what stands in the attribute `RedrivePolicy`. */
export interface RedrivePolicy {
  readonly deadLetterQueue: string
  readonly maxDeliveries: number
}

/** Which queues may have this one as their dead-letter queue: what stands in the attribute `RedriveAllowPolicy`. */
export type RedriveAllowPolicy =
  | { readonly permission: "allowAll" | "denyAll" }
  | { readonly permission: "byQueue"; readonly sources: readonly string[] }

const TARGET = "deadLetterTargetArn"
const COUNT = "maxReceiveCount"
const FOREIGN_ARN = /^arn:[^:]*:(?!sqs:)[^:]+:[^:]*:[^:]*:/

/** Reads the attribute `RedrivePolicy`. Whether the queue that it names will do is for {@link redriveRefusal} to say. */
export function parseRedrivePolicy(text: string): SqsResult<RedrivePolicy> {
  const fields = parseJsonObject(text)
  if (fields === null) return invalidRedrivePolicy(text, "Redrive policy is not a valid JSON map.")
  const missing = [COUNT, TARGET].find((name) => fields[name] === undefined || fields[name] === null)
  if (missing !== undefined) {
    return invalidRedrivePolicy(text, `Redrive policy does not contain mandatory attribute: ${missing}.`)
  }
  if (Object.keys(fields).length > 2) {
    return invalidRedrivePolicy(text, `Only following attributes are supported: [${COUNT}, ${TARGET}].`)
  }
  const maxDeliveries = receiveCount(fields[COUNT])
  if (maxDeliveries === null) {
    const range = `valid values are from 1 to ${MAX_RECEIVE_COUNT} both inclusive.`
    return invalidRedrivePolicy(text, `Invalid value for ${COUNT}: ${countText(fields[COUNT])}, ${range}`)
  }
  const target = fields[TARGET]
  const deadLetterQueue = typeof target === "string" ? queueNameOfArn(target) : null
  if (deadLetterQueue !== null) return ok({ deadLetterQueue, maxDeliveries })
  const isForeign = typeof target === "string" && FOREIGN_ARN.test(target)
  const reason = isForeign ? `Only SQS queues are valid resources for ${TARGET}.` : `Invalid value for ${TARGET}.`
  return invalidRedrivePolicy(text, reason)
}

/** The attribute `RedrivePolicy` of a queue; `arnOf` names the queue. */
export function formatRedrivePolicy(
  { deadLetterQueue, maxDeliveries }: RedrivePolicy,
  arnOf: (queue: string) => string,
): string {
  return JSON.stringify({ [TARGET]: arnOf(deadLetterQueue), [COUNT]: maxDeliveries })
}

/** A queue that messages leave, or that they come to. */
interface RedriveEnd {
  readonly name: string
  readonly isFifo: boolean
}

/**
 * Why the queue `source` can't have `target` for its dead-letter queue, or null; `target` is null where it does not
 * exist. `text` is the policy as it was given.
 */
export function redriveRefusal(
  text: string,
  source: RedriveEnd,
  target: (RedriveEnd & { readonly allowPolicy: string | undefined }) | null,
): SqsFailure | null {
  if (target === null) return invalidRedrivePolicy(text, "Dead letter target does not exist.").error
  if (target.isFifo !== source.isFifo) {
    // two full stops, as the service has it
    return invalidRedrivePolicy(text, "Dead-letter queue must be same type of queue as the source..").error
  }
  if (target.name === source.name) {
    return invalidRedrivePolicy(text, "Dead-letter queue can't be the source queue itself.").error
  }
  if (mayRedriveFrom(target.allowPolicy, source.name)) return null
  return invalidRedrivePolicy(text, `Queue ${target.name} does not allow ${source.name} to redrive to it.`).error
}

/** Reads the attribute `RedriveAllowPolicy`. */
export function parseRedriveAllowPolicy(text: string): SqsResult<RedriveAllowPolicy> {
  const { redrivePermission: permission, sourceQueueArns: arns, ...rest } = parseJsonObject(text) ?? {}
  const isPermission = permission === "allowAll" || permission === "denyAll" || permission === "byQueue"
  if (!isPermission || Object.keys(rest).length > 0) return unsupportedAllowPolicy()
  if (arns !== undefined && !Array.isArray(arns)) return unsupportedAllowPolicy()
  const given: readonly unknown[] = arns ?? []
  if (permission !== "byQueue") {
    if (given.length === 0) return ok({ permission })
    const reason = "To specify one or more source queue ARNs, you must set redrivePermission to byQueue."
    return invalidAllowPolicy(text, reason)
  }
  if (given.length === 0) {
    const reason =
      "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."
    return invalidAllowPolicy(text, reason)
  }
  if (given.length > MAX_REDRIVE_SOURCES) {
    const reason = `The maximum number of source queue ARNs you can specify is ${MAX_REDRIVE_SOURCES}.`
    return invalidAllowPolicy(text, reason)
  }
  const sources = given.map((arn) => (typeof arn === "string" ? queueNameOfArn(arn) : null))
  if (!sources.every((name) => name !== null)) return unsupportedAllowPolicy()
  return ok({ permission, sources })
}

/** Whether a queue whose attribute `RedriveAllowPolicy` is `allowPolicy` may be the dead-letter queue of `source`. */
export function mayRedriveFrom(allowPolicy: string | undefined, source: string): boolean {
  if (allowPolicy === undefined) return true
  const parsed = parseRedriveAllowPolicy(allowPolicy)
  if (!parsed.ok) return false
  const policy = parsed.value
  switch (policy.permission) {
    case "allowAll":
      return true
    case "denyAll":
      return false
    case "byQueue":
      return policy.sources.includes(source)
  }
}

/** A number, or its digits: older SDKs send text. */
function receiveCount(value: unknown): number | null {
  const isDigits = typeof value === "string" && /^\d{1,4}$/.test(value)
  const count = typeof value === "number" || isDigits ? Number(value) : null
  return count !== null && Number.isInteger(count) && count >= 1 && count <= MAX_RECEIVE_COUNT ? count : null
}

function invalidRedrivePolicy(text: string, reason: string) {
  return invalidParameter("RedrivePolicy", text, reason)
}

function unsupportedAllowPolicy() {
  return refuse(
    "InvalidAttributeValue",
    "Invalid value for the parameter RedriveAllowPolicy. " +
      "Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.",
  )
}

function invalidAllowPolicy(text: string, reason: string) {
  const refusal = "Amazon SQS can't create the redrive allow policy."
  return invalidParameter("RedriveAllowPolicy", text, `${refusal} ${reason}`)
}

function countText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}

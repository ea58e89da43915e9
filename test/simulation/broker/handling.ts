import type { Delivered, Settle } from "../../support/checkers/history.ts"
import { isJson, isUnsure, problemOf, type Json, type Scene } from "./scene.ts"

/** A message that a client holds. */
export interface Held {
  readonly value: string
  readonly receipt: string
  readonly id: string
}

/** How a client came by messages. */
export interface Leasing {
  readonly client: string
  readonly queue: string
  readonly leasedAfter: number
  readonly visibilityTimeoutMs: number
}

/** Writes down what was delivered, and answers what there is to do. */
export function takeDelivered(scene: Scene, leasing: Leasing, messages: readonly Json[]): Held[] {
  const answeredAt = scene.recorder.now()
  return messages.map((message) => {
    const [value, receipt, id] = [message["body"], message["receipt"], message["id"]].map(String) as [
      string,
      string,
      string,
    ]
    const group = typeof message["groupId"] === "string" ? message["groupId"] : null
    scene.recorder.add({
      kind: "delivered",
      ...leasing,
      value,
      id,
      receipt,
      deliveryCount: Number(message["deliveryCount"]),
      group,
      answeredAt,
      deadLetter: deadLetterOf(message),
    })
    return { value, receipt, id }
  })
}

function deadLetterOf({ headers }: Json): Delivered["deadLetter"] {
  if (!isJson(headers) || headers["millrace-dead-letter-source"] === undefined) return null
  const textOf = (name: string): string => {
    const value = headers[`millrace-dead-letter-${name}`]
    return typeof value === "string" ? value : ""
  }
  // of a record it is its partition and its offset
  const [partition, offset] = textOf("id").split("/")
  const source = offset === undefined ? textOf("source") : `${textOf("source")}/${partition}`
  return { source, reason: textOf("reason"), deliveryCount: Number(textOf("delivery-count")) }
}

/** What is said of messages, by one request or frame. */
export interface Verdict {
  readonly kind: Settle["kind"]
  readonly ms: number
  readonly held: readonly Held[]
}

/** How receivers treat what they get: shares of one. */
export interface Habits {
  readonly ack: number
  readonly nack: number
  readonly reject: number
  readonly extend: number
  /** What is left is forgotten, and comes back by itself. */
}

export const HABITS = {
  diligent: { ack: 0.8, nack: 0.08, reject: 0, extend: 0.04 },
  /** Where there are few deliveries, and dead letters. */
  clumsy: { ack: 0.5, nack: 0.2, reject: 0.12, extend: 0.04 },
  forgetful: { ack: 0.3, nack: 0.3, reject: 0, extend: 0 },
} as const satisfies Record<string, Habits>

const MAX_NACK_MS = 800

/** What a client decides on each message, those of a kind together. */
export function decide({ random }: Scene, { ack, nack, reject, extend }: Habits, held: readonly Held[]): Verdict[] {
  const byKind = new Map<Settle["kind"], Held[]>()
  for (const one of held) {
    const dice = random.next()
    const kind = firstOver(dice, [
      ["ack", ack],
      ["nack", nack],
      ["reject", reject],
      ["extend", extend],
    ])
    if (kind !== null) byKind.set(kind, [...(byKind.get(kind) ?? []), one])
  }
  return [...byKind].map(([kind, some]) => ({ kind, ms: msOf(kind, random.between(0, MAX_NACK_MS)), held: some }))
}

function firstOver(dice: number, shares: readonly (readonly [Settle["kind"], number])[]): Settle["kind"] | null {
  let sum = 0
  return shares.find(([, share]) => dice < (sum += share))?.[0] ?? null
}

function msOf(kind: Settle["kind"], ms: number): number {
  if (kind === "nack") return ms
  return kind === "extend" ? 1_000 + ms : 0
}

/** As a request or frame says it. */
export function wireVerdict(
  { kind, ms, held }: Verdict,
  timeout: "visibilityTimeoutMs" | "lockDurationMs",
): { readonly operation: string; readonly body: object } {
  const receipts = held.map(({ receipt }) => receipt)
  switch (kind) {
    case "ack":
      return { operation: "ack", body: { receipts } }
    case "nack":
      return { operation: "nack", body: { receipts, delayMs: ms } }
    case "reject":
      return { operation: "nack", body: { receipts, reject: true } }
    case "extend":
      return { operation: "extend", body: { receipts, [timeout]: ms } }
  }
}

/** Writes down what was said of messages; `results` are those of the answer, a code for all of them, or null for none. Answers what became of each. */
export function takeSettled(
  scene: Scene,
  { client, queue }: { readonly client: string; readonly queue: string },
  { kind, ms, held }: Verdict,
  calledAt: number,
  results: readonly Json[] | string | null,
): (string | null)[] {
  const answeredAt = results === null ? null : scene.recorder.now()
  return held.map(({ receipt }, index) => {
    const result = typeof results === "string" ? results : outcomeOf(results?.[index])
    scene.recorder.add({ kind, client, queue, receipt, ms, result, calledAt, answeredAt })
    return result
  })
}

function outcomeOf(entry: Json | undefined): string | null {
  if (entry === undefined || isUnsure(entry)) return null
  return problemOf(entry) ?? "ok"
}

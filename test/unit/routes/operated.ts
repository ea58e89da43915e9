import { encodeFrame } from "../../../src/core/log/frame.ts"
import type { BrowsedMessage, MessageFilter } from "../../../src/core/queue/operator/commands.ts"
import { err, ok } from "../../../src/core/result.ts"
import type { CatalogApi, QueueApi } from "../../../src/objects/contract.ts"
import type { Env } from "../../../src/routes/env.ts"
import { fakeEnv, fakeName, queueEntry } from "./fake-env.ts"

/** A catalog with this queue, and others that are there as `others` say. */
export function envOf(name: string, queue: Partial<QueueApi>, others: Record<string, object> = {}): Env {
  const getQueue: CatalogApi["getQueue"] = async (asked) => {
    if (asked !== name && !(asked in others)) return err({ code: "not_found", resource: "queue", name: asked })
    return ok(queueEntry(asked, 1, others[asked]))
  }
  return fakeEnv({ catalog: { getQueue }, queues: { [fakeName(name)]: queue } })
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

/** Matches everything. */
export const NO_FILTER: MessageFilter = {
  reason: null,
  header: null,
  groupId: null,
  sentAfter: null,
  sentBefore: null,
}

/** What is in a message of these tests. */
export const RECORD = { format: "text", value: text("hi"), key: null, headers: [], producedAt: 12 } as const

/** A message that is ready, but for `some`. */
export function browsed(some: Partial<BrowsedMessage> = {}): BrowsedMessage {
  return {
    messageId: 5,
    state: "ready",
    offset: 4,
    sentAt: 100,
    untilAt: null,
    consumer: null,
    deliveryCount: 0,
    firstDeliveredAt: null,
    expiresAt: null,
    frame: encodeFrame(RECORD),
    ...some,
  }
}

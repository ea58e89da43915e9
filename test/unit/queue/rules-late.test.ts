import { describe, expect, it } from "vitest"
import type { Settlement } from "../../../src/core/queue/commands.ts"
import type { QueueSettings } from "../../../src/core/queue/settings.ts"
import { QueueScene } from "./scene.ts"
import { NOW, type Received, receiptOf } from "./scene-messages.ts"

const TIMEOUT_MS = 30_000
const LATE = NOW + TIMEOUT_MS + 5

/** A message that was received and whose lease has ended. */
function ended(settings: Partial<QueueSettings> = {}): { readonly scene: QueueScene; readonly message: Received } {
  const scene = QueueScene.create(settings)
  scene.sent([{ body: "1", groupId: "g" }], NOW)
  const [message] = scene.receive({ visibilityTimeoutMs: TIMEOUT_MS }, NOW)
  scene.alarmsUntil(LATE)
  scene.reload()
  return { scene, message: message! }
}

function ack(message: Received, mayBeLate: boolean): Settlement {
  return { kind: "ack", receipt: receiptOf(message), mayBeLate }
}

function extension(message: Received): Settlement {
  return { kind: "extend", receipt: receiptOf(message), visibilityTimeoutMs: TIMEOUT_MS, mayBeLate: true }
}

describe("a settlement that may be late", () => {
  it.each([false, true])("[Q57] acknowledges what nobody got since, fair: %s", (fair) => {
    const { scene, message } = ended({ fair })
    expect(scene.settle(ack(message, false), LATE)).toBe("receipt_expired")
    expect(scene.settle(ack(message, true), LATE)).toBeNull()
    expect(scene.statistics(LATE)).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 1, bytes: 0 })
    expect(scene.settle(ack(message, true), LATE)).toBeNull()
    expect(scene.statistics(LATE)).toMatchObject({ acknowledged: 1 })
  })

  it("[Q57] extends and gives back under the same receipt, without a delivery more", () => {
    const { scene, message } = ended({ maxDeliveries: 2 })
    expect(scene.settle(extension(message), LATE)).toBeNull()
    expect(scene.receive({}, LATE + TIMEOUT_MS - 1)).toEqual([])
    scene.reload()
    scene.alarm(LATE + TIMEOUT_MS)
    const nack = { kind: "nack", receipt: receiptOf(message), delayMs: 0, fault: true, error: null } as const
    expect(scene.settle({ ...nack, mayBeLate: true }, LATE + TIMEOUT_MS)).toBeNull()
    expect(scene.receive({}, LATE + TIMEOUT_MS)).toMatchObject([{ attempt: 2, deliveryCount: 2 }])
  })

  it("[Q57] is too late where somebody got the message since", () => {
    const { scene, message } = ended()
    const [again] = scene.receive({}, LATE)
    expect(scene.settle(ack(message, true), LATE)).toBe("receipt_expired")
    expect(scene.settle(extension(message), LATE)).toBe("receipt_expired")
    expect(scene.ack(again!, LATE)).toBeNull()
  })

  it("[Q57] is too late in a fifo queue", () => {
    const { scene, message } = ended({ ordering: "fifo" })
    expect(scene.settle(ack(message, true), LATE)).toBe("receipt_expired")
    expect(scene.statistics(LATE)).toMatchObject({ ready: 1 })
  })

  it("[Q57] keeps no message beyond those that may be in flight", () => {
    const scene = QueueScene.create()
    scene.sent([{ body: "1" }, { body: "2" }], NOW)
    const [first, second] = scene.receive({ maxMessages: 2, visibilityTimeoutMs: TIMEOUT_MS }, NOW)
    scene.extend(second!, 10 * TIMEOUT_MS, NOW)
    scene.alarmsUntil(LATE)
    scene.configure({ maxInFlight: 1 })
    expect(scene.settle(extension(first!), LATE)).toBe("receipt_expired")
    expect(scene.settle(ack(first!, true), LATE)).toBeNull()
    expect(scene.statistics(LATE)).toMatchObject({ ready: 0, inFlight: 1 })
  })
})

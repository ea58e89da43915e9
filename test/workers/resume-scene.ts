import { expect } from "vitest"
import { RESUME_GRACE_MS } from "../../src/core/limits.ts"
import type { Delivery } from "../../src/core/log/types.ts"
import type { QueueSettings } from "../../src/core/queue/settings.ts"
import type { ResumedLeases } from "../../src/protocol/internal/frames.ts"
import { ObjectSocket } from "./object-socket.ts"
import { QueueScene } from "./queue-scene.ts"
import type { Entry } from "./support.ts"

/** Of a queue that a scene made. */
export const INCARNATION = 7

/** A queue, and a socket that holds these messages. */
export async function holding(messages: readonly (string | Entry)[], settings: Partial<QueueSettings> = {}) {
  const queue = await QueueScene.open({ visibilityTimeoutMs: 3_600_000, ...settings })
  const socket = await ObjectSocket.open(queue)
  const { consumer } = await socket.subscribe()
  await queue.send(...messages)
  return { queue, socket, consumer, held: await socket.takeDeliveries(messages.length) }
}

/** What asks for these leases. */
export function resumeOf(
  consumer: number,
  held: readonly Delivery[],
  incarnation = INCARNATION,
): { resume: ResumedLeases } {
  return { resume: { consumer, incarnation, held: held.map(({ offset, attempt }) => [offset, attempt, 1]) } }
}

/** Closes a socket that holds something, and waits until the object knows. */
export async function breakOff(queue: QueueScene, socket: ObjectSocket): Promise<void> {
  socket.close()
  await expect.poll(() => queue.alarmAt(), { timeout: 10_000 }).toBe(Date.now() + RESUME_GRACE_MS)
}

/** Another socket that goes on with these leases. */
export async function comeBack(queue: QueueScene, consumer: number, held: readonly Delivery[]) {
  const socket = await ObjectSocket.open(queue)
  return { socket, ...(await socket.subscribe(resumeOf(consumer, held))) }
}

import { randomBytes } from "node:crypto"
import { type Client, isMillraceError, text } from "../../client/index.ts"
import type { Context } from "../context.ts"
import { formatDuration } from "../units.ts"
import type { Finding } from "./doctor-checks.ts"

/** A token that ends, a delay and a deduplication window are judged by the broker's clock. */
const SKEW_WORTH_A_WARNING_MS = 2_000
const WITHIN_MS = 10_000

/** Sends a message through a queue of its own, which is gone afterwards; also compares the clocks. */
export async function roundTrip(context: Context): Promise<Finding> {
  const { queues } = context.admin()
  const name = `millrace-doctor-${randomBytes(6).toString("hex")}`
  const askedAt = Date.now()
  try {
    const { createdAt } = await queues.put(name, {})
    const skewMs = createdAt - (askedAt + Date.now()) / 2
    try {
      const tookMs = await sendAround(await context.broker(), name, context.signal)
      return findingOf(tookMs, skewMs)
    } finally {
      await context.admin(context.deadline).queues.delete(name)
    }
  } catch (error) {
    if (!isMillraceError(error, "forbidden")) throw error
    return { outcome: "skipped", detail: "the token may not make a queue to try it with" }
  }
}

function findingOf(tookMs: number, skewMs: number): Finding {
  const detail = `a message was sent, received and acknowledged in ${formatDuration(tookMs)}`
  if (Math.abs(skewMs) < SKEW_WORTH_A_WARNING_MS) return { outcome: "ok", detail }
  const direction = skewMs > 0 ? "ahead of" : "behind"
  return {
    outcome: "warning",
    detail: `${detail}; the broker's clock is ${formatDuration(Math.abs(skewMs))} ${direction} this one`,
    advice: "Let both machines keep time (NTP): delays and tokens are judged by the broker's clock.",
  }
}

async function sendAround(broker: Client, name: string, signal: AbortSignal): Promise<number> {
  const queue = broker.queue(name, { codec: text })
  const within = AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)])
  const began = performance.now()
  await queue.send("millrace doctor", { signal: within })
  for await (const message of queue.messages({ prefetch: 1, signal: within })) {
    await message.ack()
    return performance.now() - began
  }
  throw new Error(`the message did not arrive within ${formatDuration(WITHIN_MS)}`)
}

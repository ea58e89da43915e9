import type { Context } from "../context.ts"
import { post } from "../http.ts"
import { cellOf, type Shown } from "../payload.ts"
import { formatInstant } from "../units.ts"
import type { ReceiveOptions } from "./queue-receive.ts"

/** A message as a receive over HTTP answers it. */
interface Leased {
  readonly id: string
  readonly receipt: string
  readonly deliveryCount: number
  readonly sentAt: number
  readonly groupId?: string
}

/** What the broker lets a receive wait. */
const MAX_WAIT_MS = 20_000
const MAX_RECEIVE = 100

/**
 * Receives over HTTP, where a lease runs until its end whatever becomes of this process: on a socket it would go back
 * when the command ends. Receipts are printed, for whoever settles the messages.
 */
export async function keep(context: Context, options: ReceiveOptions): Promise<void> {
  const { queue, max, waitMs, visibilityTimeoutMs, raw } = options
  const endsAt = Date.now() + waitMs
  let left = max
  while (left > 0) {
    const waitLeftMs = Math.max(0, endsAt - Date.now())
    const { messages } = await post<{ readonly messages: readonly (Leased & Shown)[] }>(
      context,
      `/v1/queues/${encodeURIComponent(queue)}/receive`,
      { maxMessages: Math.min(left, MAX_RECEIVE), waitMs: Math.min(waitLeftMs, MAX_WAIT_MS), visibilityTimeoutMs },
    )
    for (const message of messages) await print(context, message, raw)
    left -= messages.length
    if (messages.length === 0 && waitLeftMs <= MAX_WAIT_MS) break
  }
  if (left === max) context.output.note("no message came")
}

async function print({ output }: Context, message: Leased & Shown, raw: boolean): Promise<void> {
  if (raw) {
    await output.text("body" in message ? cellOf(message) : Buffer.from(message.bodyBase64, "base64"))
    return output.text("\n")
  }
  const { id, receipt, deliveryCount, sentAt, groupId = null } = message
  const cells = [id, receipt, formatInstant(sentAt), deliveryCount, groupId, cellOf(message)]
  await output.row({ cells, value: message })
}

/** How a message or a record is given back. */
export interface NackOptions {
  /** For so long nobody gets it, in milliseconds; what the queue or group says where it is left out. */
  readonly delayMs?: number
  /** Whether it counts towards `maxDeliveries`; true where it is left out. */
  readonly fault?: boolean
  /** It does not come back: it goes to the dead-letter queue, or is dropped where there is none. */
  readonly reject?: boolean
  /** Why; a dead letter carries it. */
  readonly error?: string
}

/** To be thrown by a handler: the message comes back after `delayMs`, and counts as delivered unless `fault` is false. */
export class RetryLater extends Error {
  override readonly name = "RetryLater"
  readonly retryDelayMs: number
  readonly fault: boolean

  constructor({ delayMs, fault = true }: { readonly delayMs: number; readonly fault?: boolean }, message?: string) {
    super(message ?? `to be tried again after ${delayMs} ms`)
    this.retryDelayMs = delayMs
    this.fault = fault
  }
}

/** To be thrown by a handler: the message is hopeless, and goes to the dead-letter queue at once. */
export class Reject extends Error {
  override readonly name = "Reject"
}

/** A dead letter carries a line, not a page: what the broker takes is bounded. */
const MAX_ERROR_CHARACTERS = 1_000

/**
 * What becomes of a message whose handler threw. Other errors may say by `retryDelayMs` when they like to be met again.
 * @internal
 */
export function nackFor(thrown: unknown): NackOptions {
  const error = errorText(thrown)
  if (thrown instanceof Reject) return { reject: true, error }
  if (!(thrown instanceof Error)) return { error }
  const { retryDelayMs, fault } = thrown as Partial<RetryLater>
  return {
    error,
    ...(typeof retryDelayMs === "number" && { delayMs: Math.max(0, Math.round(retryDelayMs)) }),
    ...(thrown instanceof RetryLater && { fault: fault! }),
  }
}

function errorText(thrown: unknown): string {
  const text = nameOf(thrown).slice(0, MAX_ERROR_CHARACTERS)
  // half a character is no text
  return new TextDecoder().decode(new TextEncoder().encode(text))
}

function nameOf(thrown: unknown): string {
  if (thrown instanceof Error) return String(thrown)
  return typeof thrown === "string" ? thrown : "The handler threw what is no error."
}

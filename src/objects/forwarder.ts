import type { Failure } from "../core/errors.ts"
import { MAX_FORWARD_BATCH, MAX_FORWARD_BYTES } from "../core/limits.ts"
import { SubmissionWriter } from "../core/log/submission.ts"
import type { Result } from "../core/result.ts"
import type { OutboxRow, OutboxStore } from "../store/outbox-store.ts"
import type { MoveRequest } from "../core/queue/commands.ts"

/** How long a call to a target may take before it counts as failed. */
const TIMEOUT_MS = 10_000
const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 60_000

/** What the forwarder needs of its object. */
export interface ForwarderHost {
  readonly source: () => { readonly name: string; readonly incarnation: number }
  readonly outbox: OutboxStore
  /** Hands frames to the target object. */
  readonly move: (target: string, request: MoveRequest) => Promise<Result<number, Failure>>
  /**
   * Forgets, in a commit, what the target has taken of the life that sent it. Answers false where that life is
   * over, whose sequences say nothing about the next one's, or where the commit was refused.
   */
  readonly taken: (target: string, seq: number, incarnation: number) => Promise<boolean>
  /** Keeps the object alive while a call is under way. */
  readonly waitUntil: (work: Promise<void>) => void
  /** Tells the object that its next deadline may have changed. */
  readonly rearm: () => void
}

/**
 * Carries the outbox to its targets: in order per target, one call at a time, again and again until the
 * target says what it has taken. A resend after a crash is recognised there by its sequence.
 */
export class Forwarder {
  readonly #host: ForwarderHost
  /** Targets with a call under way, and when that counts as lost. */
  readonly #underWay = new Map<string, number>()
  readonly #retries = new Map<string, { readonly at: number; readonly delayMs: number }>()

  constructor(host: ForwarderHost) {
    this.#host = host
  }

  /**
   * When to look at the outbox again while something waits in it, or null for an empty one. For each target that
   * is when its call should have ended, else its next retry, else at once. An alarm stands behind every waiting
   * row, or a crash would leave it there until somebody calls.
   */
  get nextLookAt(): number | null {
    const targets = this.#host.outbox.targets()
    const instants = targets.map((target) => this.#underWay.get(target) ?? this.#retries.get(target)?.at ?? 0)
    return instants.length > 0 ? Math.min(...instants) : null
  }

  /** Starts whatever waits and is not under way or backing off. Never awaited: a slow target delays nobody. */
  start(now: number): void {
    for (const target of this.#host.outbox.targets()) {
      const retry = this.#retries.get(target)
      if (this.#underWay.has(target) || (retry && retry.at > now)) continue
      this.#host.waitUntil(this.#carry(target))
    }
  }

  async #carry(target: string): Promise<void> {
    try {
      for (;;) {
        const rows = this.#host.outbox.oldest(target, MAX_FORWARD_BATCH, MAX_FORWARD_BYTES)
        if (rows.length === 0) break
        this.#underWay.set(target, Date.now() + TIMEOUT_MS)
        const request = this.#request(rows)
        const taken = await withTimeout(this.#host.move(target, request))
        if (!taken.ok) return this.#backOff(target)
        this.#retries.delete(target)
        const isForgotten = await this.#host.taken(target, taken.value, request.sourceIncarnation)
        if (!isForgotten) return this.#backOff(target)
        await nextTurn()
      }
      // in one turn with the look that found nothing: what comes later must find the target free
      this.#underWay.delete(target)
    } catch {
      // lost answer, reset or timeout: it may have been taken, the target will know
      this.#backOff(target)
    }
  }

  #request(rows: readonly OutboxRow[]): MoveRequest {
    const writer = new SubmissionWriter()
    for (const { frame, keyHash } of rows) writer.addFrame({ frame, keyHash })
    const { name, incarnation } = this.#host.source()
    return {
      source: name,
      sourceIncarnation: incarnation,
      submissions: writer.finish(),
      seqs: rows.map((row) => row.seq),
    }
  }

  #backOff(target: string): void {
    // first, or the next deadline would be that of the call
    this.#underWay.delete(target)
    const previous = this.#retries.get(target)
    const delayMs = previous ? Math.min(previous.delayMs * 2, LAST_RETRY_MS) : FIRST_RETRY_MS
    this.#retries.set(target, { at: Date.now() + delayMs, delayMs })
    this.#host.rearm()
  }
}

/** Lets whatever else waits for the object go first. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the target did not answer in time")), TIMEOUT_MS)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
}

import { setTimeout as sleep } from "node:timers/promises"
import { isMillraceError } from "../../client/index.ts"
import type { Context } from "../context.ts"
import { type Progress, startProgress } from "../progress.ts"
import { Latencies } from "./bench-latencies.ts"
import type { OpenTarget, Target } from "./bench-targets.ts"

/** How much is sent and how. */
export interface BenchOptions {
  readonly messages: number
  readonly forMs: number
  readonly sizeBytes: number
  readonly unanswered: number
  readonly ratePerSecond: number
  readonly consume: boolean
}

/** One direction: how many, how fast, and how long each took. */
export interface Measured {
  readonly count: number
  readonly tookMs: number
  readonly perSecond: number
  readonly bytesPerSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface BenchResult {
  readonly sent: Measured
  readonly received: Measured
}

/** A broker that delivers nothing for so long has lost something, or is not worth measuring. */
const STALLED_MS = 15_000
/** Digits for the time of sending, at the beginning of a body. */
const STAMP_CHARACTERS = 16

/** Sends and receives through a target of its own, which is gone afterwards. Rejects where something gets lost. */
export async function runBench(context: Context, open: OpenTarget, options: BenchOptions): Promise<BenchResult> {
  const target = await open(context)
  const run = new BenchRun(context, target, options)
  try {
    return await run.measure()
  } finally {
    run.end()
    await target.remove()
  }
}

class BenchRun {
  readonly #context: Context
  readonly #target: Target
  readonly #options: BenchOptions
  readonly #sent = new Latencies()
  readonly #received = new Latencies()
  readonly #over = new AbortController()
  readonly #progress: Progress
  #claimed = 0

  constructor(context: Context, target: Target, options: BenchOptions) {
    this.#context = context
    this.#target = target
    this.#options = options
    const total = Number.isFinite(options.messages) ? options.messages : null
    this.#progress = startProgress(context.output, "messages", total)
  }

  async measure(): Promise<BenchResult> {
    const { consume, unanswered, sizeBytes } = this.#options
    const over = AbortSignal.any([this.#over.signal, this.#context.signal])
    const receiving = consume ? this.#receive(over) : Promise.resolve()
    const began = performance.now()
    const senders = Array.from({ length: unanswered }, () => this.#send(began))
    // a consumer that fails must not be noticed only when everything was sent
    await Promise.race([Promise.all(senders), receiving.then(() => Promise.all(senders))])
    const sentMs = performance.now() - began
    if (consume) await this.#everythingReceived()
    const receivedMs = performance.now() - began
    this.end()
    await receiving
    this.#context.signal.throwIfAborted()
    return {
      sent: measured(this.#sent, sentMs, sizeBytes),
      received: measured(this.#received, receivedMs, sizeBytes),
    }
  }

  end(): void {
    this.#over.abort()
    this.#progress.end()
  }

  async #send(began: number): Promise<void> {
    const { messages, forMs, sizeBytes, ratePerSecond } = this.#options
    while (this.#claimed < messages && !this.#context.signal.aborted && !this.#over.signal.aborted) {
      const dueAt = began + (this.#claimed * 1000) / ratePerSecond
      this.#claimed += 1
      const sendsAt = Math.max(dueAt, performance.now())
      if (sendsAt - began >= forMs) return
      if (sendsAt === dueAt) await sleep(dueAt - performance.now())
      const sentAt = performance.now()
      await this.#target.send(bodyOf(sentAt, sizeBytes))
      this.#sent.add(performance.now() - sentAt)
      this.#progress.step(this.#sent.count)
    }
  }

  async #receive(signal: AbortSignal): Promise<void> {
    try {
      await this.#target.receive((body) => this.#received.add(performance.now() - stampOf(body)), signal)
    } catch (error) {
      if (!signal.aborted || !isMillraceError(error, "aborted")) throw error
    }
  }

  async #everythingReceived(): Promise<void> {
    let before = -1
    let changedAt = performance.now()
    while (this.#received.count < this.#sent.count && !this.#context.signal.aborted) {
      if (this.#received.count !== before) changedAt = performance.now()
      before = this.#received.count
      if (performance.now() - changedAt > STALLED_MS) {
        throw new Error(`only ${before} of ${this.#sent.count} messages arrived`)
      }
      await sleep(1)
    }
  }
}

function bodyOf(sentAt: number, sizeBytes: number): string {
  return sentAt.toFixed(4).padStart(STAMP_CHARACTERS, "0").padEnd(sizeBytes, "x")
}

function stampOf(body: string): number {
  return Number(body.slice(0, STAMP_CHARACTERS))
}

function measured(latencies: Latencies, tookMs: number, sizeBytes: number): Measured {
  const perSecond = (latencies.count * 1000) / tookMs
  const rounded = (value: number): number => Math.round(value * 1000) / 1000
  return {
    count: latencies.count,
    tookMs: Math.round(tookMs),
    perSecond: Math.round(perSecond),
    bytesPerSecond: Math.round(perSecond * sizeBytes),
    p50Ms: rounded(latencies.percentile(0.5)),
    p95Ms: rounded(latencies.percentile(0.95)),
    p99Ms: rounded(latencies.percentile(0.99)),
    maxMs: rounded(latencies.percentile(1)),
  }
}

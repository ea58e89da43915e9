import type { Failure } from "../core/errors.ts"
import type { LogRecord } from "../core/log/types.ts"
import type { Settlement, SettleReply } from "../core/queue/commands.ts"
import type { ProducerBatch } from "../core/producers/producer-state.ts"
import type { Result } from "../core/result.ts"
import type { AppendTerms } from "../core/stream/commands.ts"
import type { ShareOutcome, ShareSettlement, ShareTerms } from "../core/stream/share/commands.ts"
import type { Framed, FromObject, ToObject } from "../protocol/internal/frames.ts"
import type { TermsByPlace } from "../protocol/native/deduplication.ts"
import { OutboundBatch } from "./outbound.ts"
import { CLOSE_BROKEN, CLOSE_GOODBYE, type ObjectSocket, type ObjectSocketEvents, RETRY_AFTER_MS } from "./ports.ts"
import type { PublishPart } from "./publishes.ts"

/** Frames of an object that are about one of the session's subscriptions. */
export type SubscriptionFrame = Extract<
  FromObject,
  { type: "subscribed" | "share-subscribed" | "member-news" | "deliver" | "rows" | "drained" | "ended" }
>

/** What waits for the object's answer to receipts: exactly one of these is called, once. */
export interface SettlePart<Outcomes> {
  settled(outcomes: Outcomes): void
  failed(failure: Failure): void
}

/** What a link tells the session that it belongs to. */
export interface LinkHost {
  /** The link has something to send at the end of this macrotask. */
  schedule(link: ObjectLink): void
  subscriptionSaid(frame: SubscriptionFrame, blob: Uint8Array): void
  /** The object refused what a subscription asked for. */
  subscriptionRefused(sub: number, failure: Failure): void
  /** The link is of no more use; its publishes and receipts have had their answers. */
  lost(link: ObjectLink, failure: Failure): void
}

/** One internal socket: it belongs to one client socket and one object, and opens by itself. */
export class ObjectLink {
  readonly key: string
  /** Numbers of the subscriptions at this object. */
  readonly subscriptions = new Set<number>()
  readonly #host: LinkHost
  readonly #gone: Failure
  readonly #publishes = new Map<number, PublishPart>()
  readonly #settles = new Map<number, SettlePart<SettleReply>>()
  readonly #shareSettles = new Map<number, SettlePart<readonly ShareOutcome[]>>()
  readonly #batch = new OutboundBatch()
  #socket: ObjectSocket | null = null
  /** How the link was closed before its socket was there. */
  #closedAs: { readonly goodbye: boolean } | null = null
  #lost = false
  #lastRef = 0

  /** `gone` is what to say where the object has been deleted. */
  constructor(
    key: string,
    gone: Failure,
    host: LinkHost,
    open: (events: ObjectSocketEvents) => Promise<Result<ObjectSocket, Failure>>,
  ) {
    this.key = key
    this.#gone = gone
    this.#host = host
    void this.#open(open)
  }

  /** Whether nothing would be missed if it were closed. */
  get isIdle(): boolean {
    return this.subscriptions.size === 0 && this.unanswered === 0
  }

  /** Publishes and receipts that wait for their answer, what was not sent yet included. */
  get unanswered(): number {
    return this.#publishes.size + this.#settles.size + this.#shareSettles.size
  }

  /** `producer` is by whom, where a repeat is to be recognised. */
  publish(records: readonly LogRecord[], terms: TermsByPlace, producer: ProducerBatch | null, part: PublishPart): void {
    const ref = ++this.#lastRef
    this.#publishes.set(ref, part)
    this.#batch.publish(ref, records, terms, producer)
    this.#host.schedule(this)
  }

  /** `partitions` is the number by which the records were routed. */
  append(records: readonly LogRecord[], terms: AppendTerms | null, partitions: number, part: PublishPart): void {
    const ref = ++this.#lastRef
    this.#publishes.set(ref, part)
    this.#batch.append(ref, records, terms, partitions)
    this.#host.schedule(this)
  }

  settle(settlements: readonly Settlement[], part: SettlePart<SettleReply>): void {
    const ref = ++this.#lastRef
    this.#settles.set(ref, part)
    this.#batch.add({ type: "settle", ref, settlements })
    this.#host.schedule(this)
  }

  /** Settles records of a share group. */
  settleShare(
    terms: ShareTerms,
    settlements: readonly ShareSettlement[],
    part: SettlePart<readonly ShareOutcome[]>,
  ): void {
    const ref = ++this.#lastRef
    this.#shareSettles.set(ref, part)
    this.#batch.add({ type: "settle-share", ref, terms, settlements })
    this.#host.schedule(this)
  }

  /** Says something about a subscription; too late once the link is lost. */
  send(operation: Extract<ToObject, { readonly sub: number }>): void {
    if (this.#lost) return
    this.#batch.add(operation)
    this.#host.schedule(this)
  }

  /** Sends what was said since the last flush, as one frame. */
  flush(): void {
    if (this.#socket !== null && !this.#batch.isEmpty) this.#socket.send(this.#batch.take())
  }

  /** Ends the link. With a goodbye its leases go back at once; without, they wait for the client. */
  close(goodbye: boolean): void {
    this.#lost = true
    this.#closedAs = { goodbye }
    if (this.#socket !== null) this.#closeSocket(this.#socket, goodbye)
  }

  async #open(open: (events: ObjectSocketEvents) => Promise<Result<ObjectSocket, Failure>>): Promise<void> {
    const opened = await open({
      received: (frames) => this.#received(frames),
      closed: (_code, reason) => this.#down(this.#failureOfClose(reason)),
    })
    if (!opened.ok) return this.#down(opened.error)
    if (this.#closedAs !== null) return this.#closeSocket(opened.value, this.#closedAs.goodbye)
    if (this.#lost) return
    this.#socket = opened.value
    this.flush()
  }

  #closeSocket(socket: ObjectSocket, goodbye: boolean): void {
    if (goodbye) this.#batch.add({ type: "bye" })
    // What the client said before it left still counts.
    if (!this.#batch.isEmpty) socket.send(this.#batch.take())
    if (goodbye) socket.close(CLOSE_GOODBYE, "goodbye")
    else socket.close(CLOSE_BROKEN, "client is gone")
  }

  #received(frames: readonly Framed<FromObject>[]): void {
    if (this.#lost) return
    for (const { operation, blob } of frames) this.#apply(operation, blob)
  }

  #apply(operation: FromObject, blob: Uint8Array): void {
    switch (operation.type) {
      case "confirm":
        for (const confirm of operation.confirms) {
          take(this.#publishes, confirm.ref)?.confirmed(operation.incarnation, confirm)
        }
        return
      case "confirm-run":
        return this.#confirmRun(operation)
      case "settled":
        return take(this.#settles, operation.ref)?.settled(operation.results)
      case "share-settled":
        return take(this.#shareSettles, operation.ref)?.settled(operation.outcomes)
      case "failed":
        return this.#failed(operation)
      case "subscribed":
      case "share-subscribed":
      case "member-news":
      case "drained":
      case "deliver":
      case "rows":
      case "ended":
        return this.#host.subscriptionSaid(operation, blob)
    }
  }

  #confirmRun({ incarnation, firstRef, firstId, count }: Extract<FromObject, { type: "confirm-run" }>): void {
    for (let at = 0; at < count; at++) {
      const ref = firstRef + at
      take(this.#publishes, ref)?.confirmed(incarnation, { ref, results: [firstId + at] })
    }
  }

  #failed({ refs, sub, failure }: Extract<FromObject, { type: "failed" }>): void {
    for (const ref of refs) {
      take(this.#publishes, ref)?.failed(failure)
      take(this.#settles, ref)?.failed(failure)
      take(this.#shareSettles, ref)?.failed(failure)
    }
    if (sub !== null) return this.#host.subscriptionRefused(sub, failure)
    if (refs.length === 0) this.#down(failure)
  }

  #down(failure: Failure): void {
    if (this.#lost) return
    this.#lost = true
    for (const part of this.#publishes.values()) part.failed(failure)
    for (const pending of this.#settles.values()) pending.failed(failure)
    for (const part of this.#shareSettles.values()) part.failed(failure)
    this.#publishes.clear()
    this.#settles.clear()
    this.#shareSettles.clear()
    this.#host.lost(this, failure)
  }

  /** An object gives its reason with the close where it has one. */
  #failureOfClose(reason: string): Failure {
    if (reason === "not_found") return this.#gone
    return { code: reason === "overloaded" ? reason : "unavailable", retryAfterMs: RETRY_AFTER_MS }
  }
}

/** What waits under `ref`, which its answer ends. */
function take<Part>(waiting: Map<number, Part>, ref: number): Part | undefined {
  const part = waiting.get(ref)
  waiting.delete(ref)
  return part
}

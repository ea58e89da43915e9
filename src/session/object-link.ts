import type { Failure } from "../core/errors.ts"
import type { LogRecord } from "../core/log/types.ts"
import type { Result } from "../core/result.ts"
import type { AppendTerms } from "../core/stream/commands.ts"
import type { Framed, FromObject, ToObject } from "../protocol/internal/frames.ts"
import type { TermsByPlace } from "../protocol/native/deduplication.ts"
import { OutboundBatch } from "./outbound.ts"
import { CLOSE_BROKEN, CLOSE_GOODBYE, type ObjectSocket, type ObjectSocketEvents, RETRY_AFTER_MS } from "./ports.ts"
import type { PublishPart } from "./publishes.ts"
import type { PendingSettle } from "./settles.ts"

/** Frames of an object that are about one of the session's subscriptions. */
export type SubscriptionFrame = Extract<FromObject, { type: "subscribed" | "deliver" | "rows" | "ended" }>

/** What a link tells the session that it belongs to. */
export interface LinkHost {
  /** The link has something to send at the end of this macrotask. */
  schedule(link: ObjectLink): void
  subscriptionSaid(frame: SubscriptionFrame, blob: Uint8Array): void
  /** The object refused what a subscription asked for. */
  subscriptionFailed(sub: number, failure: Failure): void
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
  readonly #settles = new Map<number, PendingSettle>()
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
    return this.subscriptions.size === 0 && this.#publishes.size === 0 && this.#settles.size === 0
  }

  publish(records: readonly LogRecord[], terms: TermsByPlace, part: PublishPart): void {
    const ref = ++this.#lastRef
    this.#publishes.set(ref, part)
    this.#batch.publish(ref, records, terms)
    this.#host.schedule(this)
  }

  append(records: readonly LogRecord[], terms: AppendTerms | null, part: PublishPart): void {
    const ref = ++this.#lastRef
    this.#publishes.set(ref, part)
    this.#batch.append(ref, records, terms)
    this.#host.schedule(this)
  }

  settle(pending: PendingSettle): void {
    const ref = ++this.#lastRef
    this.#settles.set(ref, pending)
    this.#batch.add({ type: "settle", ref, settlements: pending.settlements })
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
          this.#takePublish(confirm.ref)?.confirmed(operation.incarnation, confirm)
        }
        return
      case "settled":
        return this.#takeSettle(operation.ref)?.settled(operation.results)
      case "failed":
        return this.#failed(operation)
      case "subscribed":
      case "deliver":
      case "rows":
      case "ended":
        return this.#host.subscriptionSaid(operation, blob)
    }
  }

  #failed({ refs, sub, failure }: Extract<FromObject, { type: "failed" }>): void {
    for (const ref of refs) {
      this.#takePublish(ref)?.failed(failure)
      this.#takeSettle(ref)?.failed(failure)
    }
    if (sub !== null) return this.#host.subscriptionFailed(sub, failure)
    if (refs.length === 0) this.#down(failure)
  }

  #takePublish(ref: number): PublishPart | undefined {
    const part = this.#publishes.get(ref)
    this.#publishes.delete(ref)
    return part
  }

  #takeSettle(ref: number): PendingSettle | undefined {
    const pending = this.#settles.get(ref)
    this.#settles.delete(ref)
    return pending
  }

  #down(failure: Failure): void {
    if (this.#lost) return
    this.#lost = true
    for (const part of this.#publishes.values()) part.failed(failure)
    for (const pending of this.#settles.values()) pending.failed(failure)
    this.#publishes.clear()
    this.#settles.clear()
    this.#host.lost(this, failure)
  }

  /** An object gives its reason with the close where it has one. */
  #failureOfClose(reason: string): Failure {
    if (reason === "not_found") return this.#gone
    return { code: reason === "overloaded" ? reason : "unavailable", retryAfterMs: RETRY_AFTER_MS }
  }
}

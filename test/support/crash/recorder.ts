import type { History, Operation, Outage } from "../checkers/history.ts"
import type { Operations } from "./load.ts"

/** Keeps what the parts of a load tell it, by one clock, in milliseconds. */
export class Recorder {
  readonly #operations: Operation[] = []
  readonly #outages: { from: number; until: number }[] = []
  readonly history: History = { operations: this.#operations, outages: this.#outages }
  /** Who holds what on a socket, and since when. */
  readonly #sessions = new Map<string, number>()
  #total = 0
  #unknown = 0

  /** How much there is of it. */
  get operations(): Operations {
    return { total: this.#total, unknown: this.#unknown }
  }

  now(): number {
    return performance.now()
  }

  add(...operations: readonly Operation[]): void {
    for (const operation of operations) {
      this.#operations.push(operation)
      const count = countOf(operation)
      this.#total += count
      if (isUnknown(operation)) this.#unknown += count
    }
  }

  /** A client begins to hold what comes to it on a socket, under a name that nobody had before. */
  opens(session: string): number {
    const at = this.now()
    this.#sessions.set(session, at)
    return at
  }

  /** It is about to give back what it holds. */
  closes(session: string): void {
    this.#sessions.delete(session)
    this.#operations.push({ kind: "release", client: session, at: this.now() })
  }

  /** The sockets broke some time ago. */
  breakAll(): void {
    for (const [client, at] of this.#sessions) this.#operations.push({ kind: "release", client, at })
  }

  goesDown(): void {
    const at = this.now()
    for (const client of this.#sessions.keys()) this.#operations.push({ kind: "release", client, at })
    if (!this.isDown) this.#outages.push({ from: at, until: Infinity })
  }

  isBack(): Outage {
    const outage = this.#outages.at(-1)!
    outage.until = this.now()
    return outage
  }

  get isDown(): boolean {
    return this.#outages.at(-1)?.until === Infinity
  }

  /** Whether a broker was away at any time since then. */
  wasDownSince(at: number): boolean {
    return (this.#outages.at(-1)?.until ?? -Infinity) >= at
  }
}

function countOf(operation: Operation): number {
  switch (operation.kind) {
    case "send":
      return operation.messages.length
    case "append":
      return operation.records.length
    case "read":
      return Math.max(1, operation.records.length)
    case "release":
    case "owned":
      return 0
    case "delivered":
    case "empty-receive":
    case "ack":
    case "nack":
    case "reject":
    case "extend":
    case "remove":
    case "redrive":
    case "trim":
    case "commit":
    case "seek":
      return 1
  }
}

function isUnknown(operation: Operation): boolean {
  return "answeredAt" in operation && operation.answeredAt === null
}

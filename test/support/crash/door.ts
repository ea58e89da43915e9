import { setTimeout as sleep } from "node:timers/promises"
import type { LoadOptions, LoadTarget } from "./load.ts"
import type { Recorder } from "./recorder.ts"

/** An answer, and when. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A request with its answer, or without. */
export type Call = { readonly calledAt: number } & (
  | { readonly answeredAt: number; readonly answer: Answer }
  | { readonly answeredAt: null; readonly answer: null }
)

/** One result of several. */
export interface Result {
  readonly ok?: true
  readonly id?: string
  readonly offset?: number | null
  readonly problem?: { readonly code: string }
}

/** How a request is made of a method, a path and a body. */
export type Ask = (method: string, path: string, body: object | null) => [url: string, init: RequestInit]

/** Who waits longer than this hears nothing any more. */
const PATIENCE_MS = 60_000
/** How long to leave a broker alone that did not answer. */
const PAUSE_MS = 25
/** From here on a status does not say that nothing was done. */
const UNSURE_STATUS = 500

/** The way to a broker over HTTP. */
export class Door {
  readonly #recorder: Recorder
  readonly #ask: Ask
  readonly #onAnswer: NonNullable<LoadOptions["onAnswer"]>

  constructor(recorder: Recorder, ask: Ask, onAnswer: LoadOptions["onAnswer"] = () => {}) {
    this.#recorder = recorder
    this.#ask = ask
    this.#onAnswer = onAnswer
  }

  /**
   * One request. Without an answer, or with one that leaves open what was done, it is unknown. While there is nobody to
   * hear it, it is not made.
   */
  async call(what: string, method: string, path: string, body: object | null, operations = 1): Promise<Call> {
    for (;;) {
      const call = await this.#try(what, method, path, body, operations)
      if (call !== null) return call
      await sleep(PAUSE_MS)
    }
  }

  /** Null where there was nobody. */
  async #try(
    what: string,
    method: string,
    path: string,
    body: object | null,
    operations: number,
  ): Promise<Call | null> {
    const calledAt = this.#recorder.now()
    try {
      const [url, init] = this.#ask(method, path, body)
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) })
      const text = await response.text()
      const parsed: unknown = text === "" ? null : JSON.parse(text)
      const answeredAt = this.#recorder.now()
      if (response.status < UNSURE_STATUS) {
        this.#onAnswer(what, answeredAt - calledAt, operations)
        return { calledAt, answeredAt, answer: { status: response.status, body: parsed } }
      }
    } catch (error) {
      if (isRefused(error)) return null
      if (isWrong(error)) throw error
    }
    await sleep(PAUSE_MS)
    return { calledAt, answeredAt: null, answer: null }
  }

  post(what: string, path: string, body: object, operations = 1): Promise<Call> {
    return this.call(what, "POST", path, body, operations)
  }

  /** Asks until there is an answer with one of those statuses, also behind a deletion; any other refusal throws. */
  async insist(
    method: string,
    path: string,
    body: object | null,
    statuses: readonly number[],
  ): Promise<Call & { answer: Answer }> {
    for (;;) {
      const call = await this.call("catalog", method, path, body)
      if (call.answer === null) continue
      if (codeOf(call.answer) === "being_deleted") {
        await sleep(PAUSE_MS)
        continue
      }
      if (statuses.includes(call.answer.status)) return call
      throw new Error(`${method} ${path}: ${call.answer.status} ${JSON.stringify(call.answer.body)}`)
    }
  }
}

/** Requests in JSON, as the owner of the broker. */
export function nativeAsk({ url, token }: LoadTarget): Ask {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  return (method, path, body) => {
    return [`${url}${path}`, { method, headers, ...(body !== null && { body: JSON.stringify(body) }) }]
  }
}

/** The code of a problem document. */
export function codeOf({ body }: Answer): string {
  return (body as { readonly code?: string } | null)?.code ?? "no reason"
}

/** The results of an answer, by the member that they stand in; null where there is no answer. */
export function resultsOf({ answer }: Call, member: string): readonly Result[] | null {
  if (answer === null) return null
  if (answer.status !== 200) return []
  return (answer.body as Readonly<Record<string, readonly Result[]>>)[member] ?? []
}

function isRefused(error: unknown): boolean {
  return error instanceof TypeError && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ECONNREFUSED"
}

/** What is the load's own fault: fetch says a broken connection with a TypeError. */
function isWrong(error: unknown): boolean {
  if (!(error instanceof Error)) return true
  const isBroken = error instanceof TypeError && (error.message === "fetch failed" || error.message === "terminated")
  return !isBroken && error.name !== "TimeoutError"
}

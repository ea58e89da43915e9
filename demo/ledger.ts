import type { Message } from "../src/client/index.ts"
import type { Webhook } from "./data.ts"

/** What the books take down of a message that was delivered. */
export type Delivery = Pick<Message<unknown>, "id" | "body" | "headers">

/** One webhook as a message, numbered by its line in the data. */
export interface Job {
  readonly number: string
  readonly poison: boolean
  readonly message: { readonly body: Webhook["payload"]; readonly headers: Readonly<Record<string, string>> }
}

/** The header that says which line of the data a message is. */
export const NUMBER_HEADER = "line"

/** The books of the queue half: what was sent, and everything that happened to it since. */
export class Ledger {
  readonly jobs: readonly Job[]
  /** The id that the broker confirmed, by job. */
  readonly ids = new Map<string, string>()
  /** Jobs whose acknowledgement was confirmed, as often as it was. */
  readonly processed: string[] = []
  /** Jobs in the hands of the consumer that crashed. */
  readonly heldAtCrash: string[] = []
  /** Jobs processed by another consumer after that one crashed with them. */
  readonly rescued = new Set<string>()
  crashes = 0
  deliveredAfterAck = 0
  /** Deliveries that differ from what was sent, in body, headers or id. */
  altered = 0
  beyondCredit = 0
  readonly #byNumber: ReadonlyMap<string, Job>
  readonly #acknowledged = new Set<string>()

  constructor(webhooks: readonly Webhook[], isPoison: (webhook: Webhook) => boolean) {
    this.jobs = webhooks.map((webhook, index) => ({
      number: String(index),
      poison: isPoison(webhook),
      message: { body: webhook.payload, headers: headersOf(webhook, index) },
    }))
    this.#byNumber = new Map(this.jobs.map((job) => [job.number, job]))
  }

  sent(number: string, id: string): void {
    this.ids.set(number, id)
  }

  /** Compares a delivery with what was sent; returns the job. */
  delivered(message: Delivery): Job {
    const job = this.#byNumber.get(message.headers[NUMBER_HEADER] ?? "")
    if (job === undefined) throw new Error(`a message was delivered that was never sent: ${message.id}`)
    const same = JSON.stringify(message.body) === JSON.stringify(job.message.body)
    const sameHeaders = Object.entries(job.message.headers).every(([name, value]) => message.headers[name] === value)
    if (!same || !sameHeaders || message.id !== this.ids.get(job.number)) this.altered++
    if (this.#acknowledged.has(job.number)) this.deliveredAfterAck++
    return job
  }

  acknowledged(number: string): void {
    this.#acknowledged.add(number)
    this.processed.push(number)
    if (this.heldAtCrash.includes(number)) this.rescued.add(number)
  }

  crashed(numbers: readonly string[]): void {
    this.crashes++
    this.heldAtCrash.push(...numbers)
  }
}

function headersOf({ event, payload }: Webhook, index: number): Record<string, string> {
  const repository = payload.repository?.full_name
  const headers = { [NUMBER_HEADER]: String(index), event }
  return repository === undefined ? headers : { ...headers, repository }
}

import type { Failure } from "../../src/core/errors.ts"
import { utf8 } from "../../src/core/bytes/text.ts"
import { SubmissionWriter } from "../../src/core/log/submission.ts"
import type { SendTerms } from "../../src/core/log/types.ts"
import { dedupKey } from "../../src/core/queue/dedup/dedup-key.ts"
import type { Result } from "../../src/core/result.ts"
import type { Cost } from "../../src/store/durable-database.ts"
import type { Metered } from "./metered.ts"
import type { Report } from "./report.ts"

const MESSAGE_BYTES = 256
/** First life, first settings: what the catalog would send. */
export const FIRST = { incarnation: 1, version: 1 } as const

/** What a batch's messages have besides their bodies, by their number in it. */
export interface Terms extends Omit<SendTerms, "dedupKey"> {
  readonly groupId?: string
  readonly dedupId?: string
}

/** A batch of text messages of 256 bytes. */
export function batchOf(count: number, termsOf: (index: number) => Terms = () => ({})): Uint8Array {
  const writer = new SubmissionWriter()
  const value = utf8("m".repeat(MESSAGE_BYTES))
  for (let index = 0; index < count; index++) {
    const { groupId, dedupId, ...terms } = termsOf(index)
    const key = groupId === undefined ? null : utf8(groupId)
    const dedup = dedupId === undefined ? {} : { dedupKey: dedupKey("queue", null, dedupId) }
    writer.add({ format: "text", value, key, headers: [], producedAt: null }, { ...terms, ...dedup })
  }
  return writer.finish()
}

/** The value of a result that must be a success. */
export function valueOf<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

/** Adds up what steps cost, by name. */
export class Tally {
  readonly #costs = new Map<string, Cost>()
  readonly #object: Pick<Metered, "cost">

  constructor(object: Pick<Metered, "cost">) {
    this.#object = object
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = await this.#object.cost()
    const value = await work()
    const after = await this.#object.cost()
    const spent = this.#costs.get(name) ?? { statements: 0, rowsWritten: 0, rowsRead: 0, bytesWritten: 0 }
    for (const field of Object.keys(spent) as (keyof Cost)[]) spent[field] += after[field] - before[field]
    this.#costs.set(name, spent)
    return value
  }

  /** What each step cost for one of `messages`. */
  perMessage(messages: number): Report {
    const report: Record<string, Cost> = {}
    for (const [name, cost] of this.#costs) {
      const share = { ...cost }
      for (const field of Object.keys(share) as (keyof Cost)[]) share[field] /= messages
      report[name] = share
    }
    return report
  }
}

import type { Read } from "../checkers/history.ts"
import type { Stage, Worker } from "./stage.ts"

const MAX_RECORDS = 500
const WAIT_MS = 200
/** What is read from is gone: whether it may be is for `checkUnseenRecords` to say. */
const TRIMMED = 410

/** A page of records, as the broker answers it. */
export interface Page {
  readonly records: readonly {
    readonly offset: number
    readonly timestamp: number
    readonly key: string | null
    readonly body: string
  }[]
  readonly nextOffset: number
  readonly endOffset: number
}

/** Reads a partition over HTTP, from its begin on. */
export class TopicReader implements Worker {
  readonly #stage: Stage
  readonly #topic: string
  readonly #path: string
  readonly #partition: number
  readonly name: string
  #from = 0

  /** `topic` as the history calls it. */
  constructor(
    stage: Stage,
    place: { readonly topic: string; readonly path?: string; readonly partition: number },
    name: string,
  ) {
    const { topic, path = topic, partition } = place
    this.#stage = stage
    this.#topic = topic
    this.#path = `/v1/topics/${path}/partitions/${partition}/records`
    this.#partition = partition
    this.name = name
  }

  readonly step = async (): Promise<void> => {
    await this.#read(WAIT_MS)
  }

  /** Reads on to the end. */
  async toEnd(): Promise<void> {
    for (;;) {
      const page = await this.#read(0)
      if (page !== null && page.records.length === 0 && page.nextOffset >= page.endOffset) return
    }
  }

  async #read(waitMs: number): Promise<Page | null> {
    const from = this.#from
    const path = `${this.#path}?from=${from}&maxRecords=${MAX_RECORDS}&waitMs=${waitMs}`
    const { calledAt, answeredAt, answer } = await this.#stage.door.call("read", "GET", path, null, MAX_RECORDS)
    if (answer === null) return null
    if (answer.status === TRIMMED) {
      this.#from = (answer.body as { readonly earliestOffset: number }).earliestOffset
      return null
    }
    if (answer.status !== 200) throw new Error(`a read by ${this.name} was refused: ${JSON.stringify(answer)}`)
    const page = answer.body as Page
    const [topic, partition] = [this.#topic, this.#partition]
    const call = { client: this.name, calledAt, answeredAt }
    this.#stage.recorder.add({ kind: "read", ...call, topic, partition, group: null, from, ...pageOf(page) })
    this.#from = page.nextOffset
    return page
  }
}

/** What a page says, as the history keeps it. */
export function pageOf({ records, nextOffset }: Page): Pick<Read, "records" | "nextOffset"> {
  return { records: records.map(({ body, ...record }) => ({ ...record, value: body })), nextOffset }
}

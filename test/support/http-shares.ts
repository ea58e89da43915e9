import { expect } from "vitest"
import { nameOf } from "./http-groups.ts"
import type { Answer, HttpScene } from "./http.ts"

/** A record as a share group receives it. */
export interface SharedRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
  readonly receipt: string
  readonly deliveryCount: number
}

/** What a receive answers. */
export interface Shared {
  readonly records: readonly SharedRecord[]
  readonly ranges: readonly { partition: number; firstOffset: number; lastOffset: number; receipt: string }[]
}

/** A share group in a topic, over HTTP. */
export class HttpShare {
  readonly #scene: HttpScene
  readonly group: string
  readonly topic: string
  readonly path: string

  private constructor(scene: HttpScene, group: string, topic: string) {
    this.#scene = scene
    this.group = group
    this.topic = topic
    this.path = `${topic}/share/${nameOf(group)}`
  }

  /** A new group, which begins with the first record of `topic` unless told otherwise. */
  static async create(scene: HttpScene, topic: string, settings: object = {}): Promise<HttpShare> {
    const group = `/v1/groups/${scene.newName()}`
    const created = await scene.put(group, { type: "share", autoOffsetReset: "earliest", ...settings })
    expect(created, JSON.stringify(created.body)).toMatchObject({ status: 201 })
    return new HttpShare(scene, group, topic)
  }

  async receive(json: object = {}, signal?: AbortSignal): Promise<Shared> {
    const options = signal === undefined ? { json } : { json, signal }
    const received = await this.#scene.request("POST", `${this.path}/receive`, options)
    expect(received, JSON.stringify(received.body)).toMatchObject({ status: 200 })
    return received.body as Shared
  }

  /** Receives again and again until there is nothing. */
  async drain(json: object = {}): Promise<SharedRecord[]> {
    const drained: SharedRecord[] = []
    for (;;) {
      const { records } = await this.receive({ maxMessages: 100, ...json })
      if (records.length === 0) return drained
      drained.push(...records)
    }
  }

  settle(verb: "ack" | "nack" | "extend", json: object): Promise<Answer> {
    return this.#scene.post(`${this.path}/${verb}`, json)
  }

  /** Results of a settlement: `ok`, `settled/expired` of a range, or the code of a problem. */
  async results(verb: "ack" | "nack" | "extend", json: object): Promise<string[]> {
    const answer = await this.settle(verb, json)
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
    const { results } = answer.body as { results: Record<string, unknown>[] }
    return results.map((result) => {
      if ("problem" in result) return (result["problem"] as { code: string }).code
      return "ok" in result ? "ok" : `${String(result["settled"])}/${String(result["expired"])}`
    })
  }

  async statistics(): Promise<Record<string, number>[]> {
    const shown = await this.#scene.get(this.path)
    expect(shown, JSON.stringify(shown.body)).toMatchObject({ status: 200 })
    return (shown.body as { partitions: Record<string, number>[] }).partitions
  }
}

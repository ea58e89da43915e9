import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { env, exports } from "cloudflare:workers"
import { expect } from "vitest"
import { readRecords } from "../../src/core/log/read.ts"
import type { TopicSettings } from "../../src/core/stream/settings.ts"
import { valueOf } from "./support.ts"

const HEADERS = { authorization: `Bearer ${env.MILLRACE_TOKEN}`, "content-type": "application/json" }
const decoder = new TextDecoder()
let serial = 0

/** An answer's body. */
export type Body = Readonly<Record<string, unknown>>

/** A topic of the default namespace, as clients and as its objects know it. */
export class GrowingTopic {
  readonly name = `growing-${serial++}`
  readonly catalog = env.CATALOG.getByName("default")

  static async create(settings: Partial<TopicSettings>): Promise<GrowingTopic> {
    const topic = new GrowingTopic()
    expect((await topic.request("PUT", "", settings)).status).toBe(201)
    return topic
  }

  partition(index: number) {
    return env.PARTITIONS.getByName(`default/${this.name}/${index}`)
  }

  async request(method: string, path: string, body?: object): Promise<{ status: number; body: Body }> {
    const init = body === undefined ? {} : { body: JSON.stringify(body) }
    const url = `https://broker/v1/topics/${this.name}${path}`
    const response = await exports.default.fetch(new Request(url, { method, headers: HEADERS, ...init }))
    return { status: response.status, body: await response.json<Body>() }
  }

  async entry() {
    const entry = await this.catalog.getTopic(this.name)
    if (!entry.ok) throw new Error(entry.error.code)
    return entry.value
  }

  /** Begins to add partitions, as far as a crash lets it come: the entry says so, and the first `sealed` have heard. */
  async halfGrown(partitions: number, sealed: number): Promise<TopicSettings> {
    const { settings, incarnation } = await this.entry()
    const grown: TopicSettings = {
      ...settings,
      partitions,
      growths: [{ from: settings.partitions, to: partitions }],
      earlierPartitions: [settings.partitions],
    }
    for (let index = settings.partitions; index < partitions; index++) {
      await this.partition(index).init({ incarnation, version: incarnation + 1, settings: grown })
    }
    await this.crash("step = 'growing', pending = ?", JSON.stringify(grown))
    for (let index = 0; index < sealed; index++) await this.partition(index).seal(incarnation, partitions)
    return grown
  }

  /** Leaves the entry as a crash would, with an alarm behind it. */
  async crash(assignments: string, ...values: string[]): Promise<void> {
    await runInDurableObject(this.catalog, async (_, { storage }) => {
      storage.sql.exec(`UPDATE entry SET ${assignments} WHERE name = ?`, ...values, this.name)
      await storage.setAlarm(Date.now() + 600_000)
    })
    await evictDurableObject(this.catalog)
  }

  /** Makes every commit of a partition late, so that the others are sealed and opened long before it. */
  async slowDown(index: number): Promise<void> {
    await runInDurableObject(this.partition(index), (partition) => {
      const slow = partition as unknown as { commit: (command: unknown) => Promise<unknown> }
      const commit = slow.commit.bind(partition)
      slow.commit = async (command) => {
        await scheduler.wait(100)
        return commit(command)
      }
    })
  }

  async readAll(partition: number): Promise<{ key: string; offset: number; body: string }[]> {
    const { version } = await this.entry()
    const all: { key: string; offset: number; body: string }[] = []
    for (let offset = 0; ;) {
      const read = await this.partition(partition).read(version, { offset, maxRecords: 1000, maxBytes: 1024 * 1024 })
      if (!read.ok) throw new Error(read.error.code)
      for (const { entry, record } of readRecords(read.value.rows, offset, 1000).records) {
        all.push({
          key: record.key === null ? "" : decoder.decode(record.key),
          offset: entry.offset,
          body: valueOf(record),
        })
      }
      offset = read.value.nextOffset
      if (offset >= read.value.endOffset) return all
    }
  }
}

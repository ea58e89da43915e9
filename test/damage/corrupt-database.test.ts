import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startTestBroker, type TestBroker } from "../support/broker.ts"
import { databaseWith, flipBit, zero, zeroPage } from "../support/damage/data-files.ts"
import { salvaged } from "../support/damage/salvaged.ts"
import { RecordedClient } from "../support/damage/recorded-client.ts"

const MESSAGES = 12
/** In overflow pages of their own. */
const LARGE_BYTES = 20_000
const LARGE_NO = 6
const SQLITE_MAGIC_BYTES = 16

let broker: TestBroker
let client: RecordedClient
let errors = ""

const valueOf = (name: string, number: number): string => {
  return `${name}.${number}.${"x".repeat(number === LARGE_NO ? LARGE_BYTES : 5_000)}`
}
const all = (name: string): string[] => Array.from({ length: MESSAGES }, (_, number) => valueOf(name, number))

/** What happens to the database of each queue. */
const QUEUES: Readonly<Record<string, (path: string) => void>> = {
  frame: (path) => flipBit(path, "log", "frames", `base_offset = ${LARGE_NO}`),
  page: (path) => flipBit(path, "delivery_page", "runs"),
  counters: (path) => {
    flipBit(path, "log", "counters", "seq = (SELECT max(seq) FROM log)")
    flipBit(path, "delivery_page", "counters")
  },
  leaf: (path) => zeroPage(path, "log", "leaf", 0),
  overflow: (path) => zeroPage(path, "log", "overflow", LARGE_NO + 1),
  beginning: (path) => zero(path, 0, SQLITE_MAGIC_BYTES),
  settings: (path) => zeroPage(path, "identity", "leaf", 0),
  intact: () => {},
}

/** Queues of which nothing is served, and what is said of them. */
const LOST = [
  ["page", /^delivery page 0$/],
  ["counters", /^the counters$/],
  ["leaf", /./],
  ["beginning", /^its database is gone$/],
  ["settings", /^the settings$/],
] as const

const SALVAGED = ["page", "frame", "leaf"]
const salvage = new Map<string, unknown[]>()

async function takeAll(queue: string): Promise<{ values: string[]; damaged: number }> {
  const values: string[] = []
  let damaged = 0
  for (;;) {
    const messages = await client.receive(queue, 5)
    for (const message of messages) {
      if (message.body === undefined) damaged++
      else values.push(message.body)
      expect(await client.ack(queue, message.receipt)).toBe(true)
    }
    if (messages.length === 0) return { values, damaged }
  }
}

beforeAll(async () => {
  broker = await startTestBroker({ onError: (text) => void (errors += text) })
  client = new RecordedClient(broker)
  for (const queue of Object.keys(QUEUES)) {
    await client.ask("PUT", `queues/${queue}`, {})
    for (const value of all(queue)) expect(await client.send(queue, value)).toBe(true)
    // a lease, so that there is a page
    expect(await client.receive(queue, 1)).toHaveLength(1)
  }
  for (const topic of ["log", "trimmed"]) {
    await client.ask("PUT", `topics/${topic}`, { partitions: 1 })
    for (const value of all(topic)) expect(await client.append(topic, value)).toBe(true)
  }
  expect(await broker.stop()).toBe(0)
  for (const [queue, damage] of Object.entries(QUEUES)) {
    const path = databaseWith(broker.dataDir, "QueueObject", valueOf(queue, 0).slice(0, 100))
    damage(path)
    if (SALVAGED.includes(queue)) salvage.set(queue, salvaged(path))
  }
  for (const topic of ["log", "trimmed"]) {
    const path = databaseWith(broker.dataDir, "PartitionObject", valueOf(topic, 0).slice(0, 100))
    zeroPage(path, "log", "overflow", LARGE_NO + 1)
  }
  await broker.restart()
})

afterAll(() => broker.dispose())

describe("a database that is damaged", () => {
  it.each(LOST)("[K5] answers corrupt_storage for the queue %s, to whatever is asked", async (queue, damaged) => {
    const answers = [
      await client.ask("GET", `queues/${queue}`),
      await client.ask("POST", `queues/${queue}/messages`, { body: "new" }),
      await client.ask("POST", `queues/${queue}/receive`, {}),
      await client.ask("GET", `queues/${queue}/messages`),
    ]
    for (const { status, body } of answers) {
      expect(status).toBe(500)
      expect(body).toMatchObject({ code: "corrupt_storage", resource: "queue", name: queue })
      expect((body as { damaged: string }).damaged).toMatch(damaged)
    }
  })

  it("[K5] is named in the log once", () => {
    for (const queue of ["page", "counters", "leaf", "settings"]) {
      expect(
        errors.split(`"storage_damaged","code":"corrupt_storage","resource":"queue","name":"${queue}"`),
      ).toHaveLength(2)
    }
  })

  it("[K5] changes nothing for the other objects", async () => {
    expect((await takeAll("intact")).values).toEqual(all("intact").slice(1))
    expect(await client.send("intact", "more")).toBe(true)
  })

  it("[K6] costs a message no more than itself where only its bytes are damaged", async () => {
    const rest = all("frame").filter((_, number) => number !== 0 && number !== LARGE_NO)
    expect(await takeAll("frame")).toEqual({ values: rest, damaged: 1 })
  })

  it("[K6] so it does where SQLite can't read them, after one answer that is lost", async () => {
    const found = { values: [] as string[], damaged: 0 }
    const refused = client.refusals.length
    for (let round = 0; round < 2; round++) {
      const { values, damaged } = await takeAll("overflow")
      found.values.push(...values)
      found.damaged += damaged
    }
    expect(client.refusals.slice(refused).map(({ code }) => code)).toEqual(["unavailable"])
    expect(found.damaged).toBe(1)
    expect(found.values).toHaveLength(MESSAGES - 2)
    expect(all("overflow")).toEqual(expect.arrayContaining(found.values))
  })

  it("[K6] names the records of a topic that can't be read, and answers the others", async () => {
    const { status, body } = await client.ask("GET", "topics/log/partitions/0/records?from=0")
    expect(status).toBe(200)
    const { records } = body as { records: { offset: number; body?: string; problem?: { code: string } }[] }
    expect(records.map(({ offset }) => offset)).toEqual(all("log").map((_, offset) => offset))
    const [damaged, ...more] = records.filter(({ problem }) => problem !== undefined)
    expect(more).toEqual([])
    expect(damaged).toMatchObject({ problem: { code: "corrupt_batch", firstOffset: damaged!.offset } })
    expect(await client.append("log", "more")).toBe(true)
  })

  it.each(["log", "trimmed"])(
    "[K6] lets the topic %s be trimmed behind what can't be read, and goes on",
    async (topic) => {
      const trim = () => client.ask("DELETE", `topics/${topic}/partitions/0/records?before=${MESSAGES - 1}`)
      const refused = client.refusals.length
      if ((await trim()).status !== 200) expect(await trim()).toMatchObject({ status: 200 })
      for (const value of ["once more", "and again"]) expect(await client.append(topic, value)).toBe(true)
      // what was read before is known, and costs nobody an answer
      expect(client.refusals.slice(refused).map(({ code }) => code)).toEqual(topic === "log" ? [] : ["unavailable"])
      const { body } = await client.ask("GET", `topics/${topic}/partitions/0/records?from=${MESSAGES - 1}`)
      const { records } = body as { records: { body: string }[] }
      expect(records.map((record) => record.body)).toEqual(expect.arrayContaining(["once more", "and again"]))
    },
  )

  it("[K11] is salvaged without the broker: whatever stands on other pages than the damaged ones", () => {
    expect(salvage.get("page")).toEqual(all("page"))
    expect(salvage.get("frame")).toEqual(all("frame").filter((_, number) => number !== LARGE_NO))
    const found = salvage.get("leaf")!
    expect(found.length).toBeGreaterThan(0)
    expect(all("leaf").filter((value) => found.includes(value))).toEqual(found)
  })

  it.each([...LOST.map(([queue]) => queue), "overflow"])(
    "[K7] lets the queue %s be deleted, and begun anew",
    async (queue) => {
      expect((await client.ask("DELETE", `queues/${queue}`)).status).toBe(204)
      expect((await client.ask("PUT", `queues/${queue}`, {})).status).toBe(201)
      expect(await client.send(queue, "in the new one")).toBe(true)
      expect((await takeAll(queue)).values).toEqual(["in the new one"])
    },
  )
})

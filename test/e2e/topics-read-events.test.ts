import { afterEach, describe, expect, it } from "vitest"
import { EventReader } from "../support/events.ts"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
const readers: EventReader[] = []

afterEach(() => {
  for (const reader of readers.splice(0)) reader.close()
})

async function follow(topic: string, query = "", headers: Record<string, string> = {}): Promise<EventReader> {
  const url = `${scene.broker.url}${topic}/partitions/0/records${query}`
  const reader = await EventReader.open(url, { authorization: `Bearer ${scene.broker.token}`, ...headers })
  readers.push(reader)
  return reader
}

/** An answer to a request for events that is refused. */
function refused(topic: string, query = "", headers: Record<string, string> = {}) {
  const path = `${topic}/partitions/0/records${query}`
  return scene.request("GET", path, { headers: { accept: "text/event-stream", ...headers } })
}

const bodies = (records: readonly { record: Record<string, unknown> }[]): unknown[] =>
  records.map(({ record }) => record["body"])

describe("a stream of events", () => {
  it("[H67] has what there is and what comes, in order, as a read answers it", async () => {
    const topic = await scene.topic()
    await scene.append(topic, { body: "text", key: "k", headers: { a: "1" } }, { bodyBase64: "AP8=" })
    const reader = await follow(topic)
    expect(reader.response.status).toBe(200)
    expect(reader.response.headers.get("content-type")).toBe("text/event-stream")
    const read = await scene.get(`${topic}/partitions/0/records`)
    const stored = await reader.records(2)
    expect(stored.map(({ record }) => record)).toEqual((read.body as { records: unknown[] }).records)
    for (const round of upTo(3)) {
      await scene.append(topic, ...upTo(100).map((n) => ({ body: 100 * round + n })))
      expect(bodies(await reader.records(100))).toEqual(upTo(100).map((n) => 100 * round + n))
    }
    const [incarnation] = stored[0]!.id.split("-")
    expect(stored.map(({ id }) => id)).toEqual([`${incarnation}-0`, `${incarnation}-1`])
  })

  it("[H67] begins where it is told, and says at once where that is", async () => {
    const topic = await scene.topic()
    await scene.append(topic, ...upTo(5).map((body) => ({ body })))
    for (const [from, before, first] of [
      ["latest", 4, "new"],
      ["-2", 3, 4],
      ["-100", -1, 0],
      ["3", 2, 3],
      ["@0", -1, 0],
    ] as const) {
      const reader = await follow(topic, `?from=${from}`)
      const start = await reader.next()
      expect(start).toMatchObject({ data: null })
      expect(start!.id.endsWith(`-${before}`)).toBe(true)
      if (from === "latest") await scene.append(topic, { body: "new" })
      expect(bodies(await reader.records(1))).toEqual([first])
    }
  })

  it("[H68] goes on behind the last id, whatever the place, without a gap and without a repeat", async () => {
    const topic = await scene.topic()
    const first = await follow(topic, "?from=latest")
    const before = (await first.next())!.id
    await scene.append(topic, ...upTo(10).map((body) => ({ body })))
    const seen = await first.records(4)
    first.close()
    for (const [id, from] of [
      [before, 0],
      [seen[3]!.id, 4],
    ] as const) {
      const again = await follow(topic, "?from=latest", { "last-event-id": id })
      expect(bodies(await again.records(10 - from))).toEqual(upTo(10).slice(from))
    }
  })

  it("[H68] an id of an earlier life, of what is gone, or none is refused", async () => {
    const topic = await scene.topic()
    await scene.append(topic, ...upTo(5).map((body) => ({ body })))
    const reader = await follow(topic)
    const { id } = (await reader.records(1))[0]!
    const incarnation = id.split("-")[0]!
    await scene.delete(`${topic}/partitions/0/records?before=3`)
    const trimmed = problem(410, "offset_trimmed", { earliestOffset: 3 })
    expect(await refused(topic, "", { "last-event-id": id })).toMatchObject(trimmed)
    expect(await refused(topic, "?from=1")).toMatchObject(trimmed)
    const beyond = problem(416, "offset_out_of_range", { latestOffset: 5 })
    expect(await refused(topic, "", { "last-event-id": `${incarnation}-5` })).toMatchObject(beyond)
    for (const bad of ["x", "-", incarnation, `${incarnation}--2`]) {
      expect(await refused(topic, "", { "last-event-id": bad })).toMatchObject(problem(400, "invalid_request"))
    }
    await scene.delete(topic)
    expect(await refused(topic, "", { "last-event-id": id })).toMatchObject(problem(404, "not_found"))
    await scene.put(topic)
    for (const old of [id, `${incarnation}-4`, `${incarnation}--1`]) {
      expect(await refused(topic, "", { "last-event-id": old })).toMatchObject(problem(410, "log_recreated"))
    }
  })

  it("[H69] ends with a problem where the topic goes", async () => {
    const topic = await scene.topic()
    await scene.append(topic, { body: 1 })
    const reader = await follow(topic)
    await reader.records(1)
    await scene.delete(topic)
    const event = await reader.next()
    expect(event).toMatchObject({ type: "problem" })
    expect(JSON.parse(event!.data!)).toMatchObject({ code: "not_found" })
    expect(await reader.next()).toBeNull()
  })

  it("[H61] [H67] a filter leaves out records, and the id moves on past them", async () => {
    const topic = await scene.topic()
    await scene.append(topic, ...upTo(10).map((body) => ({ body, key: body === 4 ? "wanted" : "other" })))
    const reader = await follow(topic, "?key=wanted")
    expect(bodies(await reader.records(1))).toEqual([4])
    const event = await reader.next()
    expect(event).toMatchObject({ data: null })
    expect(event!.id.endsWith("-9")).toBe(true)
  })

  it("[H67] JSON that was written with line ends comes as one event", async () => {
    const topic = await scene.topic()
    const body = '{"body": {\n  "a": [\r\n1]\n}}'
    const headers = { "content-type": "application/json" }
    expect((await scene.request("POST", `${topic}/records`, { body, headers })).status).toBe(200)
    const reader = await follow(topic)
    expect(bodies(await reader.records(1))).toEqual([{ a: [1] }])
  })

  it.each(["maxRecords", "maxBytes", "waitMs"])("[H67] %s has no place there", async (name) => {
    const topic = await scene.topic()
    const expected = problem(422, "invalid_field", { pointer: `/${name}` })
    expect(await refused(topic, `?${name}=1`)).toMatchObject(expected)
  })

  it("[H69] a client that reads nothing for a while gets everything in the end", async () => {
    const topic = await scene.topic()
    const reader = await follow(topic)
    const body = "x".repeat(100_000)
    for (const round of upTo(20)) {
      await scene.append(topic, ...upTo(10).map((n) => ({ body, headers: { n: String(10 * round + n) } })))
    }
    const records = await reader.records(200)
    const numbers = records.map(({ record }) => (record["headers"] as { n: string }).n)
    expect(numbers).toEqual(upTo(200).map(String))
  })

  it("[H3] HEAD tells what there would be, and follows nothing", async () => {
    const topic = await scene.topic()
    const head = await scene.request("HEAD", `${topic}/partitions/0/records`, {
      headers: { accept: "text/event-stream" },
    })
    expect(head.status).toBe(200)
    expect(head.headers.get("content-type")).toBe("text/event-stream")
  })
})

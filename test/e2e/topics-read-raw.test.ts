import { describe, expect, it } from "vitest"
import { readRecords } from "../../src/core/log/read.ts"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
const RAW = "application/vnd.millrace.batch"

interface Raw {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

async function raw(topic: string, query = "", headers: Record<string, string> = {}): Promise<Raw> {
  const url = `${scene.broker.url}${topic}/partitions/0/records${query}`
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${scene.broker.token}`, accept: RAW, ...headers },
  })
  return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) }
}

const utf8 = new TextDecoder()

/** Offsets and values of the records in raw rows. */
function decoded({ bytes }: Raw): [number, string][] {
  const { records, damaged } = readRecords(bytes, 0, Number.POSITIVE_INFINITY)
  expect(damaged).toEqual([])
  return records.map(({ entry, record }) => [entry.offset, utf8.decode(record.value)])
}

/** A topic with ten rows that can't change any more, and a last one that may. */
async function sealedTopic(): Promise<string> {
  const topic = await scene.topic()
  for (const row of upTo(10))
    await scene.append(topic, ...upTo(10).map((n) => ({ body: `${row}.${n}${"x".repeat(500)}` })))
  await scene.append(topic, { body: "last" })
  return topic
}

describe("a raw read", () => {
  it("[H63] has the rows from the offset on, and says where to go on", async () => {
    const topic = await sealedTopic()
    const whole = await raw(topic)
    expect(whole.status).toBe(200)
    expect(whole.headers.get("content-type")).toBe(RAW)
    expect(decoded(whole).map(([offset]) => offset)).toEqual(upTo(101))
    const seen: [number, string][] = []
    for (let from = 0; from < 101;) {
      const page = await raw(topic, `?from=${from}&maxBytes=7000`)
      expect(page.headers.get("millrace-end-offset")).toBe("101")
      seen.push(...decoded(page))
      const next = Number(page.headers.get("millrace-next-offset"))
      expect(next).toBe(seen.at(-1)![0] + 1)
      from = next
    }
    expect(seen).toEqual(decoded(whole))
    expect(decoded(await raw(topic, "?from=-1"))).toEqual([[100, "last"]])
    expect(decoded(await raw(topic, "?from=15&maxRecords=3")).map(([offset]) => offset)).toEqual([15, 16, 17])
    const end = await raw(topic, "?from=latest")
    expect([end.status, end.bytes.length, end.headers.get("millrace-next-offset")]).toEqual([200, 0, "101"])
  })

  it("[H63] the header that it prefers decides; else it is JSON", async () => {
    const topic = await scene.topic()
    await scene.append(topic, { body: 1 })
    for (const accept of [RAW, `application/json;q=0.5, ${RAW}`, `${RAW}; q=0.9, */*;q=0.1`, RAW.toUpperCase()]) {
      expect((await raw(topic, "", { accept })).headers.get("content-type"), accept).toBe(RAW)
    }
    for (const accept of ["*/*", "application/json", `${RAW};q=0`, "text/html"]) {
      expect((await raw(topic, "", { accept })).headers.get("content-type"), accept).toBe("application/json")
    }
  })

  it.each([
    ["key=a", "/key"],
    ["header=a:b", "/header"],
    ["from=x", "/from"],
  ])("[H63] %s is refused", async (query, pointer) => {
    const topic = await scene.topic()
    const answer = await scene.request("GET", `${topic}/partitions/0/records?${query}`, { headers: { accept: RAW } })
    expect(answer).toMatchObject(problem(422, "invalid_field", { pointer }))
  })

  it("[H36] [H63] outside the log it is refused like every other read", async () => {
    const topic = await sealedTopic()
    const path = `${topic}/partitions/0/records`
    await scene.delete(`${path}?before=4`)
    const headers = { accept: RAW }
    const trimmed = problem(410, "offset_trimmed", { earliestOffset: 4 })
    expect(await scene.request("GET", `${path}?from=3`, { headers })).toMatchObject(trimmed)
    const beyond = problem(416, "offset_out_of_range", { latestOffset: 101 })
    expect(await scene.request("GET", `${path}?from=102`, { headers })).toMatchObject(beyond)
    expect(decoded(await raw(topic))[0]![0]).toBe(4)
  })
})

describe("what can't change", () => {
  it("[H64] has an ETag, and is not sent again to who has it", async () => {
    const topic = await sealedTopic()
    const query = "?from=0&maxRecords=25"
    const first = await raw(topic, query)
    const etag = first.headers.get("etag")!
    expect(etag).toMatch(/^"\d+-0-0-25"$/)
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const again = await raw(topic, query, { "if-none-match": tag })
      expect([again.status, again.bytes.length, again.headers.get("etag")], tag).toEqual([304, 0, etag])
      expect(again.headers.get("millrace-next-offset")).toBe("25")
    }
    for (const [other, tag] of [
      ["?from=1&maxRecords=24", etag],
      ["?from=0&maxRecords=26", etag],
      [query, '"x"'],
    ] as const) {
      expect((await raw(topic, other, { "if-none-match": tag })).status).toBe(200)
    }
  })

  it("[H64] the tail may change, and has none", async () => {
    const topic = await scene.topic()
    await scene.append(topic, { body: "a" })
    const before = await raw(topic)
    expect(before.headers.get("etag")).toBeNull()
    expect((await raw(topic, "", { "if-none-match": "*" })).status).toBe(200)
    await scene.append(topic, { body: "b" })
    expect(decoded(await raw(topic)).map(([, body]) => body)).toEqual(["a", "b"])
    expect((await raw(topic, "?from=latest")).headers.get("etag")).toBeNull()
  })

  it("[H64] an ETag of an earlier life is refused where it must match", async () => {
    const topic = await sealedTopic()
    const etag = (await raw(topic, "?maxRecords=5")).headers.get("etag")!
    expect((await raw(topic, "?from=5&maxRecords=5", { "if-match": etag })).status).toBe(200)
    expect((await raw(topic, "", { "if-match": "*" })).status).toBe(200)
    expect((await raw(topic, "", { "if-match": '"x"' })).status).toBe(400)
    await scene.delete(topic)
    await scene.put(topic)
    const path = `${topic}/partitions/0/records`
    const again = await scene.request("GET", path, { headers: { accept: RAW, "if-match": etag } })
    expect(again).toMatchObject(problem(410, "log_recreated"))
    for (const row of upTo(2)) await scene.append(topic, { body: "y".repeat(5000), headers: { row: String(row) } })
    const other = await raw(topic, "?maxRecords=1", { "if-none-match": etag })
    expect(other.status).toBe(200)
    expect(other.headers.get("etag")).not.toBe(etag)
  })
})

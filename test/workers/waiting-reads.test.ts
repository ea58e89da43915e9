import { evictDurableObject, runInDurableObject } from "cloudflare:test"
import { env, exports } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { MAX_CREDIT_BYTES } from "../../src/core/limits.ts"

const HEADERS = { authorization: `Bearer ${env.MILLRACE_TOKEN}`, "content-type": "application/json" }
const PATIENCE = { timeout: 20_000, interval: 10 }
const LONG_MS = 60_000

function call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) }
  const request = new Request(`https://broker${path}`, { method, headers: { ...HEADERS, ...headers }, ...init })
  return exports.default.fetch(request)
}

async function append(topic: string, ...bodies: readonly unknown[]): Promise<void> {
  const answer = await call("POST", `/v1/topics/${topic}/records`, { records: bodies.map((body) => ({ body })) })
  expect(answer.status).toBe(200)
  await answer.body?.cancel()
}

async function newTopic(topic: string): Promise<void> {
  await (await call("PUT", `/v1/topics/${topic}`, {})).body?.cancel()
}

const stubOf = (topic: string) => env.PARTITIONS.getByName(`default/${topic}/0`)

/** How many internal sockets the partition has. */
function sockets(topic: string): Promise<number> {
  return runInDurableObject(stubOf(topic), (_, state) => state.getWebSockets().length)
}

/** What was sent over the partition's only socket. */
function sentBytes(topic: string): Promise<number> {
  return runInDurableObject(stubOf(topic), (_, state) => {
    const [subscription] = state.getWebSockets()[0]!.deserializeAttachment() as { sentBytes: number }[]
    return subscription!.sentBytes
  })
}

function readerOf(answer: Response): ReadableStreamDefaultReader<Uint8Array> {
  return (answer.body as ReadableStream<Uint8Array>).getReader()
}

/** The data of the next event that has some. */
async function nextRecord(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<{ body: unknown }> {
  for (let text = ""; ;) {
    const { done, value } = await reader.read()
    if (done) throw new Error("the stream ended")
    text += new TextDecoder().decode(value)
    const [, data] = /data: (.*)\n\n/.exec(text) ?? []
    if (data !== undefined) return JSON.parse(data) as { body: unknown }
  }
}

describe("reads that wait", () => {
  it("[H65] [W28] the object may lose its memory meanwhile; afterwards nobody is connected to it", async () => {
    await newTopic("waiting")
    await append("waiting", "old")
    for (const accept of ["application/json", "application/vnd.millrace.batch"]) {
      const path = `/v1/topics/waiting/partitions/0/records?from=latest&waitMs=${LONG_MS}`
      const waiting = call("GET", path, undefined, { accept }).then((answer) => answer.arrayBuffer())
      await expect.poll(() => sockets("waiting"), PATIENCE).toBe(1)
      await evictDurableObject(stubOf("waiting"))
      await append("waiting", "new")
      expect((await waiting).byteLength).toBeGreaterThan(0)
      await expect.poll(() => sockets("waiting"), PATIENCE).toBe(0)
    }
  })

  it("[W28] when the time is up nobody is connected any more", async () => {
    await newTopic("patient")
    const path = "/v1/topics/patient/partitions/0/records?waitMs=50"
    expect(await (await call("GET", path)).json()).toEqual({ records: [], nextOffset: 0, endOffset: 0 })
    await expect.poll(() => sockets("patient"), PATIENCE).toBe(0)
  })

  it("[H65] a client that leaves ends the wait", async () => {
    await newTopic("left")
    const answer = await call("GET", `/v1/topics/left/partitions/0/records?waitMs=${LONG_MS}`)
    await expect.poll(() => sockets("left"), PATIENCE).toBe(1)
    await answer.body!.cancel()
    await expect.poll(() => sockets("left"), PATIENCE).toBe(0)
  })
})

describe("raw reads that wait", () => {
  it("[H65] a client that leaves ends the wait", async () => {
    await newTopic("raw-left")
    const client = new AbortController()
    const headers = { ...HEADERS, accept: "application/vnd.millrace.batch" }
    const path = `/v1/topics/raw-left/partitions/0/records?waitMs=${LONG_MS}`
    const answer = exports.default.fetch(new Request(`https://broker${path}`, { headers, signal: client.signal }))
    await expect.poll(() => sockets("raw-left"), PATIENCE).toBe(1)
    client.abort()
    await Promise.allSettled([answer])
    await expect.poll(() => sockets("raw-left"), PATIENCE).toBe(0)
  })
})

describe("streams of events", () => {
  const events = { accept: "text/event-stream" }

  it("[W29] go on over an eviction, and end with their client", async () => {
    await newTopic("followed")
    const answer = await call("GET", "/v1/topics/followed/partitions/0/records", undefined, events)
    const reader = readerOf(answer)
    await append("followed", 1)
    expect(await nextRecord(reader)).toMatchObject({ body: 1 })
    await evictDurableObject(stubOf("followed"))
    await append("followed", 2)
    expect(await nextRecord(reader)).toMatchObject({ body: 2 })
    await reader.cancel()
    await append("followed", 3)
    await append("followed", 4)
    await expect.poll(() => sockets("followed"), PATIENCE).toBe(0)
  })

  it("[H69] [W29] a client that reads nothing is sent no more than its credit, and everything later", async () => {
    await newTopic("slow")
    const answer = await call("GET", "/v1/topics/slow/partitions/0/records", undefined, events)
    const recordBytes = 200_000
    for (let n = 0; n < 15; n++) await append("slow", `${n}`.padEnd(recordBytes, "x"))
    expect(await sentBytes("slow")).toBeLessThanOrEqual(MAX_CREDIT_BYTES + recordBytes + 1000)
    expect(await sentBytes("slow")).toBeGreaterThan(0)
    const reader = readerOf(answer)
    let text = ""
    while (!text.includes('"offset":14,')) text += new TextDecoder().decode((await reader.read()).value)
    const offsets = [...text.matchAll(/"offset":(\d+),/g)].map(([, offset]) => Number(offset))
    expect(offsets).toEqual(Array.from({ length: 15 }, (_, n) => n))
    await reader.cancel()
  })

  it("[H69] a client that is too slow is told that its place is gone, and does not jump", async () => {
    await newTopic("late")
    const answer = await call("GET", "/v1/topics/late/partitions/0/records", undefined, events)
    for (let n = 0; n < 15; n++) await append("late", `${n}`.padEnd(200_000, "x"))
    await (await call("DELETE", "/v1/topics/late/partitions/0/records?before=15")).body?.cancel()
    const reader = readerOf(answer)
    let text = ""
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      text += new TextDecoder().decode(chunk.value)
    }
    const offsets = [...text.matchAll(/data: {"offset":(\d+),/g)].map(([, offset]) => Number(offset))
    expect(offsets).toEqual(Array.from(offsets, (_, n) => n))
    expect(offsets.length).toBeLessThan(15)
    expect(text).toMatch(/event: problem\ndata: .*"offset_trimmed".*"earliestOffset":15/)
    await expect.poll(() => sockets("late"), PATIENCE).toBe(0)
  })

  it("[H69] a client that leaves while it is waited for is let go", async () => {
    await newTopic("abandoned")
    const client = new AbortController()
    const path = "https://broker/v1/topics/abandoned/partitions/0/records"
    const request = new Request(path, { headers: { ...HEADERS, ...events }, signal: client.signal })
    expect((await exports.default.fetch(request)).status).toBe(200)
    for (let n = 0; n < 10; n++) await append("abandoned", `${n}`.padEnd(200_000, "x"))
    expect(await sockets("abandoned")).toBe(1)
    client.abort()
    await expect.poll(() => sockets("abandoned"), PATIENCE).toBe(0)
  })
})

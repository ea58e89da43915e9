import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
/** Long enough for a read to have begun to wait. */
const SETTLED_MS = 300
/** Longer than any test should take: who waits for all of it has missed what came. */
const LONG_MS = 60_000

interface Read {
  readonly records: readonly { readonly offset: number; readonly body?: unknown }[]
  readonly nextOffset: number
  readonly endOffset: number
}

async function read(topic: string, query: string, headers: Record<string, string> = {}): Promise<Read> {
  const answer = await scene.request("GET", `${topic}/partitions/0/records${query}`, { headers })
  expect(answer.status).toBe(200)
  return answer.body as Read
}

const bodies = ({ records }: Read): unknown[] => records.map(({ body }) => body)

describe.concurrent("a read that waits", () => {
  it("[H65] ends with the first record", async () => {
    const topic = await scene.topic()
    await scene.append(topic, { body: "old" })
    const waiting = read(topic, `?from=latest&waitMs=${LONG_MS}`)
    await sleep(SETTLED_MS)
    await scene.append(topic, { body: "new" })
    expect(await waiting).toMatchObject({ records: [{ offset: 1, body: "new" }], nextOffset: 2, endOffset: 2 })
  })

  it("[H65] does not wait where there are records, and is refused at once where it must be", async () => {
    const topic = await scene.topic()
    await scene.append(topic, { body: 1 })
    expect(bodies(await read(topic, `?waitMs=${LONG_MS}`))).toEqual([1])
    const path = `${topic}/partitions/0/records`
    expect(await scene.get(`${path}?from=2&waitMs=${LONG_MS}`)).toMatchObject(problem(416, "offset_out_of_range"))
    for (const waitMs of ["-1", "60001", "1.5", ""]) {
      const answer = await scene.get(`${path}?waitMs=${waitMs}`)
      expect(answer).toMatchObject(problem(422, "invalid_field", { pointer: "/waitMs" }))
    }
  })

  it("[H65] without a record it answers when the time is up, not before", async () => {
    const topic = await scene.topic()
    for (const accept of ["application/json", "application/vnd.millrace.batch"]) {
      const askedAt = performance.now()
      await read(topic, "?waitMs=700", { accept })
      expect(performance.now() - askedAt).toBeGreaterThanOrEqual(699)
    }
    expect(await read(topic, "?waitMs=1")).toEqual({ records: [], nextOffset: 0, endOffset: 0 })
  })

  it("[H65] a record that is left out does not end it, and is not read again", async () => {
    const topic = await scene.topic()
    const waiting = read(topic, `?key=wanted&waitMs=${LONG_MS}`)
    for (const n of upTo(5)) {
      await sleep(30)
      await scene.append(topic, { body: n, key: "other" })
    }
    await scene.append(topic, { body: "wanted", key: "wanted" })
    expect(await waiting).toMatchObject({ records: [{ offset: 5, body: "wanted" }], nextOffset: 6 })
    expect(await read(topic, "?key=none&waitMs=200")).toMatchObject({ records: [], nextOffset: 6, endOffset: 6 })
  })

  it("[H65] many wait at one partition, and all are answered", async () => {
    const topic = await scene.topic()
    const waiting = upTo(20).map(() => read(topic, `?waitMs=${LONG_MS}`))
    await sleep(SETTLED_MS)
    await scene.append(topic, { body: "x" })
    for (const answer of await Promise.all(waiting)) expect(bodies(answer)).toEqual(["x"])
  })

  it("[H65] raw reads wait too", async () => {
    const topic = await scene.topic()
    const path = `${scene.broker.url}${topic}/partitions/0/records?waitMs=${LONG_MS}`
    const headers = { authorization: `Bearer ${scene.broker.token}`, accept: "application/vnd.millrace.batch" }
    const waiting = fetch(path, { headers })
    await sleep(SETTLED_MS)
    await scene.append(topic, { body: "x" })
    const answer = await waiting
    expect(answer.headers.get("millrace-next-offset")).toBe("1")
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(0)
  })

  it("[H65] a client that left keeps nobody from reading, nor the topic from going", async () => {
    const topic = await scene.topic()
    const client = new AbortController()
    const gone = upTo(5).map(() =>
      scene
        .request("GET", `${topic}/partitions/0/records?waitMs=${LONG_MS}`, { signal: client.signal })
        .catch(() => null),
    )
    await sleep(SETTLED_MS)
    client.abort()
    await Promise.all(gone)
    await scene.append(topic, { body: "x" })
    expect(bodies(await read(topic, "?waitMs=1000"))).toEqual(["x"])
    expect((await scene.delete(topic)).status).toBe(204)
  })

  it("[H65] [H14] ends without records where the topic is deleted", async () => {
    const topic = await scene.topic()
    const waiting = read(topic, `?waitMs=${LONG_MS}`)
    await sleep(SETTLED_MS)
    await scene.delete(topic)
    expect(await waiting).toEqual({ records: [], nextOffset: 0, endOffset: 0 })
  })
})

describe("the head", () => {
  it("[H71] is answered at once where it is beyond, else when it is", async () => {
    const topic = await scene.topic()
    const path = `${topic}/partitions/0/head`
    expect(await scene.get(path)).toMatchObject({
      status: 200,
      body: { startOffset: 0, endOffset: 0, bytes: 0, lastAppendedAt: 0 },
    })
    await scene.append(topic, { body: 1 }, { body: 2 })
    expect(await scene.get(`${path}?after=1&waitMs=${LONG_MS}`)).toMatchObject({ body: { endOffset: 2 } })
    expect(await scene.get(`${path}?after=2`)).toMatchObject({ body: { endOffset: 2 } })
    expect(await scene.get(`${path}?after=2&waitMs=50`)).toMatchObject({ body: { endOffset: 2 } })
    const next = scene.get(`${path}?after=2&waitMs=${LONG_MS}`)
    const far = scene.get(`${path}?after=4&waitMs=${LONG_MS}`)
    await sleep(SETTLED_MS)
    await scene.append(topic, { body: 3 })
    expect(await next).toMatchObject({ status: 200, body: { endOffset: 3 } })
    await scene.append(topic, { body: 4 })
    await sleep(50)
    await scene.append(topic, { body: 5 })
    expect(await far).toMatchObject({ status: 200, body: { endOffset: 5 } })
  })

  it("[H71] of what does not exist it is not found", async () => {
    const topic = await scene.topic()
    expect(await scene.get(`${topic}/partitions/1/head`)).toMatchObject(problem(404, "not_found"))
    expect(await scene.get(`${topic}/partitions/x/head`)).toMatchObject(problem(400, "invalid_request"))
    const wrong = problem(422, "invalid_field", { pointer: "/after" })
    expect(await scene.get(`${topic}/partitions/0/head?after=-1`)).toMatchObject(wrong)
  })
})

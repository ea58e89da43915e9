import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
const POLL = { timeout: 30_000 }
const nameOf = (path: string) => path.slice("/v1/queues/".length)

interface Redrive {
  readonly id: number
  readonly state: string
  readonly moved: number
}

/** A dead-letter queue with letters of a source: the even ones were rejected, the odd ones ran out of deliveries. */
async function deadLetters(count: number): Promise<{ source: string; letters: string }> {
  const letters = await scene.queue()
  const source = await scene.queue({ deadLetterQueue: nameOf(letters), maxDeliveries: 1 })
  await scene.send(source, ...upTo(count))
  const messages = await scene.receive(source, { maxMessages: count })
  const entries = messages.map(({ receipt, body }) => ({ receipt, reject: Number(body) % 2 === 0 }))
  await scene.settle("nack", source, { entries })
  await expect.poll(() => scene.statistics(letters), POLL).toMatchObject({ ready: count })
  return { source, letters }
}

async function redrives(queue: string): Promise<readonly Redrive[]> {
  const listed = await scene.get(`${queue}/redrive`)
  expect(listed).toMatchObject({ status: 200 })
  return (listed.body as { redrives: Redrive[] }).redrives
}

describe("redrive", () => {
  it("[H52] moves everything back to where it came from, and is shown", async () => {
    const { source, letters } = await deadLetters(100)
    const begun = await scene.request("POST", `${letters}/redrive`)
    expect(begun).toMatchObject({ status: 202, body: { queue: null, filter: {}, maxMessagesPerSecond: null } })
    await expect.poll(() => redrives(letters), POLL).toMatchObject([{ state: "done", moved: 100, skipped: 0 }])
    await expect.poll(() => scene.statistics(source), POLL).toMatchObject({ ready: 100 })
    expect(await scene.statistics(letters)).toMatchObject({ ready: 0, redriven: 100 })
    const back = await scene.receive(source, { maxMessages: 100 })
    expect(back.map(({ body }) => body).toSorted((a, b) => Number(a) - Number(b))).toEqual(upTo(100))
  })

  it("[H52] [H48] of what matches, to another queue", async () => {
    const { letters } = await deadLetters(20)
    const other = await scene.queue()
    const asked = { queue: nameOf(other), filter: { reason: "rejected" } }
    expect(await scene.post(`${letters}/redrive`, asked)).toMatchObject({ status: 202, body: asked })
    await expect
      .poll(() => redrives(letters), POLL)
      .toMatchObject([{ state: "done", moved: 10, skipped: 10, ...asked }])
    await expect.poll(() => scene.statistics(other), POLL).toMatchObject({ ready: 10 })
    expect(await scene.statistics(letters)).toMatchObject({ ready: 10 })
    const source = (await scene.receiveOne(letters)).headers!["millrace-dead-letter-source"]!
    const header = { name: "millrace-dead-letter-source", value: source }
    expect((await scene.post(`${letters}/redrive`, { queue: nameOf(other), filter: { header } })).status).toBe(202)
    await expect.poll(() => redrives(letters), POLL).toMatchObject([{ state: "done", moved: 9 }, { moved: 10 }])
  })

  it("[H52] [H53] one at a time, as slow as asked for, until it is ended", async () => {
    const { letters } = await deadLetters(50)
    const begun = await scene.post(`${letters}/redrive`, { maxMessagesPerSecond: 1 })
    expect(begun).toMatchObject({ status: 202, body: { state: "running", maxMessagesPerSecond: 1 } })
    expect(await scene.post(`${letters}/redrive`, {})).toMatchObject(problem(409, "conflict"))
    const { id } = begun.body as Redrive
    const ended = await scene.delete(`${letters}/redrive`)
    expect(ended).toMatchObject({ status: 200, body: { id, state: "cancelled" } })
    const { moved } = ended.body as Redrive
    expect(moved).toBeLessThan(50)
    expect(await scene.statistics(letters)).toMatchObject({ ready: 50 - moved })
    expect(await scene.delete(`${letters}/redrive`)).toMatchObject(problem(404, "not_found", { resource: "redrive" }))
    expect((await scene.post(`${letters}/redrive`, {})).status).toBe(202)
    await expect.poll(() => redrives(letters), POLL).toMatchObject([{ state: "done" }, { id, state: "cancelled" }])
    expect(await scene.statistics(letters)).toMatchObject({ ready: 0, redriven: 50 })
  })

  it.each([
    [{ queue: "there-is-none" }, "/queue"],
    [{ queue: 5 }, "/queue"],
    [{ filter: { reason: "bored" } }, "/filter/reason"],
    [{ filter: { header: "a:b" } }, "/filter/header"],
    [{ filter: { sentAfter: -1 } }, "/filter/sentAfter"],
    [{ maxMessagesPerSecond: 0 }, "/maxMessagesPerSecond"],
    [{ max: 1 }, "/max"],
  ])("[H52] [H9] %j is refused at %s, and nothing begins", async (json, pointer) => {
    const queue = await scene.queue()
    expect(await scene.post(`${queue}/redrive`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
    expect(await redrives(queue)).toEqual([])
  })

  it("[H52] not to a queue of another ordering", async () => {
    const [queue, fifo] = [await scene.queue(), await scene.queue({ ordering: "fifo" })]
    const refused = problem(422, "invalid_field", { pointer: "/queue" })
    expect(await scene.post(`${queue}/redrive`, { queue: nameOf(fifo) })).toMatchObject(refused)
  })
})

import { expect, it } from "vitest"
import { HttpScene, type Message, problem } from "../support/http.ts"

const scene = new HttpScene()

/** A client of one namespace, with a token for everything there. */
class Tenant {
  readonly #token: string

  private constructor(token: string) {
    this.#token = token
  }

  static async of(namespace: string): Promise<Tenant> {
    const made = await scene.post("/v1/tokens", { namespace })
    expect(made).toMatchObject({ status: 201, body: { namespace } })
    return new Tenant((made.body as { token: string }).token)
  }

  call(method: string, path: string, json?: object) {
    return scene.request(method, path, json === undefined ? { token: this.#token } : { token: this.#token, json })
  }

  async receive(): Promise<Message[]> {
    const received = await this.call("POST", "/v1/queues/same/receive", { maxMessages: 10 })
    expect(received.status).toBe(200)
    return (received.body as { messages: Message[] }).messages
  }
}

const [ONE, OTHER] = ["acme", "globex"]

it("[A4] queues of one name in two namespaces share nothing", async () => {
  const one = await Tenant.of(ONE)
  const other = await Tenant.of(OTHER)
  expect((await one.call("PUT", "/v1/queues/same", { visibilityTimeoutMs: 60_000 })).status).toBe(201)
  expect(await other.call("GET", "/v1/queues/same")).toMatchObject(problem(404, "not_found"))
  expect(await other.call("GET", "/v1/queues")).toMatchObject({ body: { queues: [], cursor: null } })
  expect(await scene.get("/v1/queues/same")).toMatchObject(problem(404, "not_found"))
  expect((await other.call("PUT", "/v1/queues/same")).status).toBe(201)
  await one.call("POST", "/v1/queues/same/messages", { messages: [{ body: "one's" }, { body: "later" }] })
  expect(await other.receive()).toEqual([])
  const [mine] = await one.receive()
  expect(mine).toMatchObject({ body: "one's" })
  await other.call("POST", "/v1/queues/same/messages", { body: "other's" })
  // receipts name places that both queues have
  const settled = await other.call("POST", "/v1/queues/same/ack", { receipts: [mine!.receipt] })
  expect(settled.status).toBe(200)
  expect(await one.call("GET", "/v1/queues/same")).toMatchObject({ body: { statistics: { inFlight: 2 } } })
  expect(await other.call("GET", "/v1/queues/same")).toMatchObject({ body: { statistics: { ready: 1 } } })
  expect((await other.call("DELETE", "/v1/queues/same")).status).toBe(204)
  expect(await one.call("GET", "/v1/queues/same")).toMatchObject({ status: 200, body: { statistics: { inFlight: 2 } } })
})

it("[A4] nor do topics, groups and producers", async () => {
  const one = await Tenant.of(ONE)
  const other = await Tenant.of(OTHER)
  for (const tenant of [one, other]) {
    expect((await tenant.call("PUT", "/v1/topics/same")).status).toBe(201)
    expect((await tenant.call("PUT", "/v1/groups/same")).status).toBe(201)
  }
  await one.call("POST", "/v1/topics/same/records", { body: "one's" })
  expect(await other.call("GET", "/v1/topics/same/records")).toMatchObject({ body: { partitions: [{ records: [] }] } })
  const offsets = [{ topic: "same", partition: 0, offset: 1 }]
  expect(await one.call("POST", "/v1/groups/same/offsets", { offsets })).toMatchObject({
    body: { results: [{ offset: 1 }] },
  })
  expect(await other.call("GET", "/v1/groups/same/offsets?topic=same")).toMatchObject({
    body: { partitions: [{ committedOffset: null, endOffset: 0 }] },
  })
  const joined = await one.call("POST", "/v1/groups/same/members", { topics: ["same"] })
  const { memberId } = joined.body as { memberId: string }
  expect(await other.call("POST", `/v1/groups/same/members/${memberId}/heartbeat`)).toMatchObject(
    problem(404, "not_found"),
  )
  const opened = await Promise.all(
    [one, one, other].map((tenant) => tenant.call("POST", "/v1/producers", { name: "p" })),
  )
  const epochs = opened.map(({ body }) => (body as { epoch: number }).epoch)
  expect(epochs.toSorted((a, b) => a - b)).toEqual([0, 0, 1])
})

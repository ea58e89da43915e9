import { readFileSync } from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import { type AccessCase, ACCESS_TABLE } from "../support/access-table.ts"
import { type Need, newWorld, NOTHING, stateOf, tokenFor, type World } from "../support/access-world.ts"
import { type Answer, HttpScene, problem } from "../support/http.ts"

const scene = new HttpScene()
const POLL = { timeout: 30_000 }

const named = ACCESS_TABLE.map(
  (one) => [one.with === undefined ? one.operation : `${one.operation} with ${one.with}`, one] as const,
)

function call(one: AccessCase, world: World, token: string): Promise<Answer> {
  const [method, path, json] = one.call(world)
  return scene.request(method, path, json === undefined ? { token } : { token, json })
}

/** Everything but `needs[missing]`, and that on another name of the same kind and in every other action. */
function without(needs: readonly Need[], missing: number, isAnywhere: boolean): Need[] {
  const { action, kind, name } = needs[missing]!
  const others = (["read", "produce", "consume", "manage"] as const).filter((other) => other !== action)
  const elsewhere = isAnywhere ? [] : [{ action, kind, name: `${name}x` }]
  return [
    ...needs.filter((_, nth) => nth !== missing),
    ...elsewhere,
    ...others.map((other) => ({ action: other, kind, name })),
  ]
}

describe("what is not allowed", () => {
  let world: World
  let before: unknown
  beforeAll(async () => {
    world = await newWorld(scene)
    before = await stateOf(scene, world)
  })

  it.each(named)(
    "[A9] [A7] %s is refused without any one thing that it asks for, and changes nothing",
    async (_, one) => {
      const needs = one.needs(world)
      for (const [missing, { action, kind }] of needs.entries()) {
        // rights that this need shares with another one of the same row do not count as lacking
        const rest = without(needs, missing, one.anywhere === true)
        const answer = await call(one, world, await tokenFor(scene, rest))
        expect(answer, JSON.stringify(answer.body)).toMatchObject(problem(403, "forbidden", { action }))
        expect((answer.body as { resource: string }).resource).toBe(one.operation === "openProducer" ? "topic" : kind)
      }
      expect(await stateOf(scene, world)).toEqual(before)
    },
  )

  it.each(named)("[A7] %s is refused alike whether or not there is such a name", async (_, one) => {
    const token = await tokenFor(scene, [])
    const there = await call(one, world, token)
    const absent = await call(one, NOTHING, token)
    const text = Object.entries(world).reduce(
      (shown, [key, name]) => shown.replaceAll(name as string, NOTHING[key as keyof World]),
      JSON.stringify(there.body),
    )
    expect(there.status).toBe(403)
    expect(text).toBe(JSON.stringify(absent.body))
    expect([...there.headers.keys()].toSorted()).toEqual([...absent.headers.keys()].toSorted())
  })

  it("[A1] a token makes no token", async () => {
    for (const rights of [undefined, null, [{ actions: ["manage"], queues: ["*"], topics: ["*"], groups: ["*"] }]]) {
      const made = await scene.post("/v1/tokens", { rights })
      const { token } = made.body as { token: string }
      expect(await scene.request("POST", "/v1/tokens", { token })).toMatchObject(problem(403, "forbidden"))
    }
  })

  it("[A9] every operation is in the table, or asks for nothing of a token", () => {
    const description = JSON.parse(readFileSync("openapi.json", "utf8")) as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>
    }
    const all = Object.values(description.paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    )
    const missing = all.filter((id) => !ACCESS_TABLE.some(({ operation }) => operation === id))
    expect(missing).toEqual(["connect", "createToken", "deleteAccessKey", "health", "openapi"])
  })
})

describe("what is allowed", () => {
  const destructive = /^(delete|purge|leave|resend|startRedrive)/
  let shared: World
  beforeAll(async () => {
    shared = await newWorld(scene)
  })

  it.each(named)("[A9] %s works with just what it asks for", async (_, one) => {
    const world = destructive.test(one.operation) ? await newWorld(scene) : shared
    const answer = await call(one, world, await tokenFor(scene, one.needs(world)))
    // nothing is being redriven
    const expected = one.operation === "cancelRedrive" ? 404 : 200
    expect(answer.status < 300 ? 200 : answer.status, JSON.stringify(answer.body)).toBe(expected)
  })

  it("[A5] a token without rights named does everything in its namespace", async () => {
    const { token } = (await scene.post("/v1/tokens", {})).body as { token: string }
    const world = await newWorld(scene)
    const harmless = ACCESS_TABLE.filter(
      ({ operation }) => !destructive.test(operation) && operation !== "cancelRedrive",
    )
    for (const one of harmless) {
      const answer = await call(one, world, token)
      expect(answer.status, `${one.operation} ${JSON.stringify(answer.body)}`).toBeLessThan(300)
    }
  })

  it("[A12] lists show what may be read", async () => {
    for (const name of ["lists-a", "lists-b1", "lists-b2", "lists-b3", "lists-c"]) {
      for (const kind of ["queues", "topics", "groups"]) await scene.put(`/v1/${kind}/${name}`)
    }
    const names = ["lists-b*", "lists-c", "lists-absent"]
    const rights = [{ actions: ["read"], queues: names, topics: names, groups: names }]
    const { token } = (await scene.post("/v1/tokens", { rights })).body as { token: string }
    for (const kind of ["queues", "topics", "groups"]) {
      const list = async (query: string) => {
        const { status, body } = await scene.request("GET", `/v1/${kind}?${query}`, { token })
        expect(status).toBe(200)
        const { cursor, ...listed } = body as { cursor: string | null } & Record<string, { name: string }[]>
        return { cursor, names: listed[kind]!.map(({ name }) => name) }
      }
      expect(await list("")).toEqual({ names: ["lists-b1", "lists-b2", "lists-b3", "lists-c"], cursor: null })
      expect(await list("limit=2")).toEqual({ names: ["lists-b1", "lists-b2"], cursor: "lists-b2" })
      expect(await list("limit=2&cursor=lists-b2")).toEqual({ names: ["lists-b3", "lists-c"], cursor: null })
      expect(await list("prefix=lists-a")).toEqual({ names: [], cursor: null })
    }
  })

  it("[A9] offsets of a group leave out topics that may not be read", async () => {
    const world = await newWorld(scene)
    const group: Need = { action: "read", kind: "group", name: world.group }
    const topic: Need = { action: "read", kind: "topic", name: world.topic }
    const path = `/v1/groups/${world.group}/offsets`
    const shown = async (needs: readonly Need[]) => {
      const { body } = await scene.request("GET", path, { token: await tokenFor(scene, needs) })
      return (body as { partitions: { topic: string }[] }).partitions.map((one) => one.topic)
    }
    expect(await shown([group])).toEqual([])
    expect(await shown([group, topic])).toEqual([world.topic])
  })

  it("[A11] the broker forwards to a target that was allowed when it was named", async () => {
    const dead = await scene.queue()
    const queue = scene.newName()
    const target: Need = { action: "produce", kind: "queue", name: dead.slice("/v1/queues/".length) }
    const owner = await tokenFor(scene, [
      target,
      ...(["manage", "produce", "consume"] as const).map((action): Need => ({ action, kind: "queue", name: queue })),
    ])
    const consumer = await tokenFor(scene, [{ action: "consume", kind: "queue", name: queue }])
    const path = `/v1/queues/${queue}`
    await scene.request("PUT", path, { token: owner, json: { deadLetterQueue: target.name } })
    await scene.request("POST", `${path}/messages`, { token: owner, json: { body: "x" } })
    const received = await scene.request("POST", `${path}/receive`, { token: consumer })
    const [{ receipt }] = (received.body as { messages: [{ receipt: string }] }).messages
    const json = { receipts: [receipt], reject: true }
    expect((await scene.request("POST", `${path}/nack`, { token: consumer, json })).status).toBe(200)
    await expect.poll(() => scene.statistics(dead), POLL).toMatchObject({ ready: 1 })
  })

  it("[A13] a producer's name is the namespace's", async () => {
    const token = await tokenFor(scene, [{ action: "produce", kind: "queue", name: "any" }])
    const mine = await scene.post("/v1/producers", { name: "billing" })
    const theirs = await scene.request("POST", "/v1/producers", { token, json: { name: "billing" } })
    const { producerId, epoch } = mine.body as { producerId: number; epoch: number }
    expect(theirs).toMatchObject({ status: 200, body: { producerId, epoch: epoch + 1 } })
  })
})

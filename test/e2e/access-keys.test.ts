import { once } from "node:events"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { ACCESS_TABLE } from "../support/access-table.ts"
import { newWorld, stateOf, type World } from "../support/access-world.ts"
import { forgeToken, TOKEN_HEADER } from "../support/forged-token.ts"
import { HttpScene, problem } from "../support/http.ts"
import { sendWild, wildBody, wildHeaders, wildObject, wildQuery } from "../support/http-fuzz.ts"

const SIGNING_KEY = "a secret that only signs"
const scene = new HttpScene({ env: { MILLRACE_SIGNING_KEY: SIGNING_KEY } })

const CLAIMS = { iss: "millrace", aud: "millrace.v1", kind: "bearer", ns: "default", iat: 1 }

function forge(secret: string, header: object = TOKEN_HEADER): string {
  return forgeToken(secret, header, CLAIMS)
}

async function make(body: object): Promise<string> {
  const made = await scene.post("/v1/tokens", body)
  expect(made, JSON.stringify(made.body)).toMatchObject({ status: 201 })
  return (made.body as { token: string }).token
}

describe("a signing key of its own", () => {
  it("[A2] signs, and the root secret does not", async () => {
    const list = (token: string) => scene.request("GET", "/v1/queues", { token })
    expect((await list(await make({}))).status).toBe(200)
    expect((await list(forge(SIGNING_KEY))).status).toBe(200)
    expect((await list(scene.broker.token)).status).toBe(200)
    expect(await list(forge(scene.broker.token))).toMatchObject(problem(401, "unauthorized"))
    expect(await list(forge(SIGNING_KEY, { alg: "none" }))).toMatchObject(problem(401, "unauthorized"))
    // the secret itself is no token
    expect(await list(SIGNING_KEY)).toMatchObject(problem(401, "unauthorized"))
  })

  it("[A5] the longest token gets through, in a header and in a subprotocol", async () => {
    const queues = Array.from({ length: 44 }, (_, index) => String(index).padEnd(128, "x"))
    const token = await make({ rights: [{ actions: ["read"], queues }] })
    expect(token.length).toBeGreaterThan(7_800)
    expect((await scene.request("GET", "/v1/queues", { token })).status).toBe(200)
    const socket = new WebSocket(`${scene.broker.url.replace(/^http/, "ws")}/v1/connect`, [
      "millrace.v1",
      `bearer.${token}`,
    ])
    await once(socket, "open")
    socket.terminate()
  })
})

describe("whatever comes", () => {
  let world: World
  let before: unknown
  beforeAll(async () => {
    world = await newWorld(scene)
    before = await stateOf(scene, world)
  })

  it("[A2] [H39] a token that is none is unauthorized, and never more than that", async () => {
    const real = await make({})
    const pieces = fc.oneof(fc.base64String(), fc.constantFrom(...real.split(".")), fc.stringMatching(/^[!-~]{0,30}$/))
    const token = fc.array(pieces, { minLength: 1, maxLength: 4 }).map((some) => some.join("."))
    await fc.assert(
      fc.asyncProperty(token, async (one) => {
        fc.pre(one !== real)
        expect((await scene.request("GET", "/v1/queues", { token: one })).status).toBe(401)
      }),
      { numRuns: 300 },
    )
  })

  it.each(ACCESS_TABLE.map((one) => one.operation))(
    "[A7] [H39] %s does nothing for a token without rights",
    async (operation) => {
      const token = await make({ rights: [] })
      const [method, path, json] = ACCESS_TABLE.find((one) => one.operation === operation)!.call(world)
      const nearlyRight = wildObject(
        Object.fromEntries(Object.entries(json ?? {}).map(([k, v]) => [k, fc.constant(v)])),
      )
      const wild = fc.record({
        method: fc.constant(method),
        path: wildQuery(["prefix", "waitMs"]).map((query) => path.replace(/\?.*/, "") + query),
        headers: wildHeaders,
        body: method === "GET" ? fc.constant(new Uint8Array()) : wildBody(nearlyRight),
      })
      await fc.assert(
        fc.asyncProperty(wild, async (one) => {
          const { status, text } = await sendWild(scene.broker.url, token, one)
          expect(status, text).toBeGreaterThanOrEqual(400)
          expect(status, text).toBeLessThan(500)
        }),
        { numRuns: 20 },
      )
      expect(await stateOf(scene, world)).toEqual(before)
    },
  )
})

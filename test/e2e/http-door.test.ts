import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startBroker, type RunningBroker } from "../../scripts/runtime/broker.ts"
import { HttpScene, problem } from "../support/http.ts"
import { sendWild } from "../support/http-fuzz.ts"

const scene = new HttpScene()
const description = JSON.parse(readFileSync("openapi.json", "utf8")) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>
}
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId }]) => ({ operationId, method: method.toUpperCase(), path })),
)

describe("tokens", () => {
  it.each<readonly [string, string | null, Readonly<Record<string, string>>]>([
    ["no token", null, {}],
    ["an empty token", "", {}],
    ["a wrong token", "test-tokem", {}],
    ["half of the token", "test-tok", {}],
    ["twice the token", "test-tokentest-token", {}],
    ["another scheme", null, { authorization: "Basic dGVzdC10b2tlbg==" }],
    ["the token by itself", null, { authorization: "test-token" }],
  ])("[H1] %s is unauthorized, whatever the path", async (_, token, headers) => {
    for (const path of ["/v1/queues", "/v1/queues/%20", "/v1/topics/x/records", "/v1/connect", "/no/such/path"]) {
      const answer = await scene.request("GET", path, { token, headers })
      expect(answer).toMatchObject(problem(401, "unauthorized"))
      expect(answer.headers.get("www-authenticate")).toBe("Bearer")
    }
  })

  it("[H1] the scheme has no case", async () => {
    for (const scheme of ["bearer", "BEARER", "Bearer "]) {
      const headers = { authorization: `${scheme} test-token` }
      expect((await scene.request("GET", "/v1/queues", { token: null, headers })).status).toBe(200)
    }
  })

  it("[H2] health and the description need no token", async () => {
    expect(await scene.request("GET", "/healthz", { token: null })).toMatchObject({
      status: 200,
      body: { status: "ok" },
    })
    expect((await scene.request("GET", "/openapi.json", { token: null })).status).toBe(200)
  })
})

describe("a broker without a token", () => {
  let dataDir: string
  let broker: RunningBroker
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), "millrace-door-"))
    broker = await startBroker({ dataDir })
  })
  afterAll(async () => {
    await broker.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it("[H2] is healthy and refuses to serve", async () => {
    expect((await fetch(`${broker.url}/healthz`)).status).toBe(200)
    for (const authorization of ["Bearer ", "Bearer x", "Bearer undefined", "Bearer test-token"]) {
      const response = await fetch(`${broker.url}/v1/queues`, { headers: { authorization } })
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({ code: "not_configured" })
    }
    expect((await fetch(`${broker.url}/v1/queues/q`, { method: "PUT" })).status).toBe(503)
  })
})

describe("a broker with MILLRACE_AUTH=off", () => {
  const open = new HttpScene({ env: { MILLRACE_AUTH: "off" } })

  it("[H2] serves everyone", async () => {
    expect((await open.request("PUT", "/v1/queues/q", { token: null })).status).toBe(201)
    expect((await open.request("GET", "/v1/queues/q", { token: "any" })).status).toBe(200)
  })
})

describe("paths", () => {
  it.each([
    "/",
    "/v1",
    "/v1/",
    "/v2/queues",
    "/v1/queues/",
    "/v1/queues//messages",
    "/v1/queues/q/messages/",
    "/V1/queues",
  ])("[H3] %s is no route", async (path) => {
    expect(await scene.get(path)).toMatchObject(problem(404, "route_not_found"))
  })

  it.each([
    ["PATCH", "/v1/queues/q", "PUT, GET, HEAD, DELETE"],
    ["POST", "/v1/queues", "GET, HEAD"],
    ["GET", "/v1/queues/q/receive", "POST"],
    ["PUT", "/v1/queues/q/ack", "POST"],
    ["OPTIONS", "/v1/topics/t", "PUT, GET, HEAD, DELETE"],
    ["POST", "/v1/topics/t/partitions/0/records", "GET, HEAD, DELETE"],
    ["DELETE", "/healthz", "GET, HEAD"],
    ["POST", "/openapi.json", "GET, HEAD"],
  ])("[H3] %s %s names what the path takes", async (method, path, allow) => {
    const answer = await scene.request(method, path)
    expect(answer).toMatchObject(problem(405, "method_not_allowed", { allow: allow.split(", ") }))
    expect(answer.headers.get("allow")).toBe(allow)
  })

  it("[H3] HEAD is GET without its body", async () => {
    const queue = await scene.queue()
    expect(await scene.request("HEAD", queue)).toMatchObject({ status: 200, body: "" })
    expect(await scene.request("HEAD", "/v1/queues/none")).toMatchObject({ status: 404, body: "" })
  })

  it("[H3] /v1/connect asks for a WebSocket", async () => {
    // the header Upgrade that the Worker sets does not get through the runtime's own handling of connections
    expect(await scene.get("/v1/connect")).toMatchObject(problem(426, "upgrade_required"))
  })

  it("[H4] a name that is none is refused, by every operation that takes one", async () => {
    const named = operations.filter(({ path }) => /\{(queue|topic)\}/.test(path))
    for (const name of ["%20", "-a", ".a", "_a", "a%2Fb", "a%00", "%C3%A4", "%FF", "a b", "a".repeat(129)]) {
      for (const { method, path } of named) {
        const answer = await scene.request(method, path.replace(/\{(queue|topic)\}/, name).replace("{partition}", "0"))
        expect(answer, `${method} ${path} ${name}`).toMatchObject(problem(400, "invalid_name"))
      }
    }
  })

  it("[H4] the longest name and every character that one may have are taken", async () => {
    for (const name of ["a".repeat(128), "0", "A.b_c-9"]) {
      expect((await scene.put(`/v1/queues/${name}`)).status).toBe(201)
      expect((await scene.put(`/v1/topics/${name}`)).status).toBe(201)
      expect(await scene.get(`/v1/queues/${name}`)).toMatchObject({ status: 200, body: { name } })
    }
  })

  it.each([
    ["/v1/queues?prefx=a", "/prefx"],
    ["/v1/queues?limit=1&limit=2", "/limit"],
    ["/v1/queues/q?a/b=1", "/a~1b"],
    ["/v1/topics?__proto__=1", "/__proto__"],
    ["/v1/topics?toString=1", "/toString"],
    ["/v1/topics/t/partitions/0/records?wait=1", "/wait"],
    ["/healthz?x", "/x"],
  ])("[H5] %s has a parameter too many", async (path, pointer) => {
    expect(await scene.get(path)).toMatchObject(problem(422, "invalid_field", { pointer }))
  })
})

it("[H5] a host that is none hides no query", async () => {
  for (const host of ["a b", "[", "a:b:c", "%", "a\\b"]) {
    const wild = { method: "GET", body: new Uint8Array(), headers: { host } }
    const send = (path: string) => sendWild(scene.broker.url, scene.broker.token, { ...wild, path })
    expect((await send("/v1/queues?limit=1")).status, host).toBe(200)
    expect((await send("/v1/queues?limit=0")).status, host).toBe(422)
    expect((await send("/healthz?x=1")).status, host).toBe(422)
  }
})

describe("the description", () => {
  it("[H6] is the committed file", async () => {
    expect((await scene.get("/openapi.json")).body).toEqual(description)
  })

  it("[H6] has every operation, and every operation in it is served", async () => {
    expect(operations).toHaveLength(50)
    for (const { method, path } of operations) {
      const answer = await scene.request(method, path.replaceAll(/\{\w+\}/g, "0"))
      const code = (answer.body as { code?: string }).code
      expect(["route_not_found", "method_not_allowed", "internal_error"], `${method} ${path}`).not.toContain(code)
    }
  })
})

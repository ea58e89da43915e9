import { expect, test, vi } from "vitest"
import type { Env } from "../../../src/routes/env.ts"
import { OPERATIONS } from "../../../src/routes/operations.ts"
import { fakeEnv } from "./fake-env.ts"
import { request, send } from "./request.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))
vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: () => {} }))

const env = fakeEnv({})
const protectedOperations = OPERATIONS.filter(({ demand }) => demand !== "nothing")

function pathOf(operation: { path: string }): string {
  return operation.path.replaceAll(/:\w+/g, "x")
}

test.each(protectedOperations)("$method $path needs the token", async (operation) => {
  const { method } = operation
  for (const value of ["", "Bearer", "Bearer ", "Bearer wrong", "Bearer secret2", "Bearer secre", "Basic secret"]) {
    const answer = await send(env, pathOf(operation), { method, headers: { Authorization: value } })
    expect(answer).toMatchObject({ status: 401, body: { code: "unauthorized" } })
    expect(answer.headers.get("WWW-Authenticate")).toBe("Bearer")
  }
})

test.each(protectedOperations)("$method $path is not served without a configured token", async (operation) => {
  const { MILLRACE_TOKEN: _, ...bare } = env
  for (const unconfigured of [bare, { ...bare, MILLRACE_TOKEN: "" }, { ...bare, MILLRACE_AUTH: "on" }] as Env[]) {
    const answer = await send(unconfigured, pathOf(operation), { method: operation.method })
    expect(answer).toMatchObject({ status: 503, body: { code: "not_configured" } })
  }
})

test("health needs neither token nor configuration", async () => {
  const { MILLRACE_TOKEN: _, ...bare } = env
  expect(await send(bare, "/healthz", {})).toMatchObject({ status: 200, body: { status: "ok" } })
})

test("authentication can be switched off", async () => {
  const open = { ...env, MILLRACE_AUTH: "off" }
  const answer = await send(open, "/nowhere", { headers: { Authorization: "Bearer wrong" } })
  expect(answer.body).toMatchObject({ code: "route_not_found" })
})

test.each(["/", "/v1", "/v1/queues/", "/v1/queues/a/b/c", "/v2/queues", "/v1/queues/%ff/x"])(
  "nothing is served at %s",
  async (path) => {
    expect(await request(env, "GET", path)).toMatchObject({ status: 404, body: { code: "route_not_found" } })
    const answer = await send(env, path, { headers: { Authorization: "Bearer wrong" } })
    expect(answer.status).toBe(401)
  },
)

test.each([
  ["POST", "/v1/queues", "GET, HEAD"],
  ["PATCH", "/v1/queues/a", "PUT, GET, HEAD, DELETE"],
  ["PUT", "/v1/queues/a/messages", "POST, GET, HEAD, DELETE"],
  ["POST", "/v1/queues/a/messages/1-0-1", "GET, HEAD, DELETE"],
  ["GET", "/v1/queues/a/messages/1-0-1/resend", "POST"],
  ["PUT", "/v1/queues/a/redrive", "POST, GET, HEAD, DELETE"],
  ["HEAD", "/v1/queues/a/ack", "POST"],
  ["OPTIONS", "/v1/topics/a/partitions/0/records", "GET, HEAD, DELETE"],
  ["DELETE", "/healthz", "GET, HEAD"],
])("%s %s is answered with what is allowed", async (method, path, allow) => {
  const answer = await request(env, method, path)
  expect(answer.status).toBe(405)
  expect(answer.headers.get("Allow")).toBe(allow)
})

test.each(["a%20b", "-a", "a%2Fb", "%FF", "é", "a".repeat(129), "%"])("%s is no name", async (name) => {
  for (const path of [`/v1/queues/${name}`, `/v1/topics/${name}`]) {
    expect(await request(env, "GET", path)).toMatchObject({ status: 400, body: { code: "invalid_name" } })
  }
})

test("a query is refused where none is taken", async () => {
  const answer = await request(env, "GET", "/v1/queues/a?verbose=1")
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer: "/verbose" } })
})

test("connecting needs a WebSocket and its subprotocol", async () => {
  expect(await request(env, "GET", "/v1/connect")).toMatchObject({ status: 426, body: { code: "upgrade_required" } })
  const other = await send(env, "/v1/connect", {
    headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": "mqtt" },
  })
  expect(other.status).toBe(426)
  const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": "bearer.x, millrace.v1" }
  expect(await send(env, "/v1/connect", { headers })).toMatchObject({ status: 200, body: "session" })
})

test("a bug is a 500 that tells nothing of it", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue()
  const broken = { ...env, CATALOG: undefined } as unknown as Env
  const answer = await request(broken, "PUT", "/v1/queues/a")
  expect(answer.status).toBeGreaterThanOrEqual(500)
  expect(JSON.stringify(answer.body)).not.toContain("TypeError")
  expect(log).toHaveBeenCalledOnce()
  log.mockRestore()
})

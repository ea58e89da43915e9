import { expect, test, vi } from "vitest"
import { MAX_AWS_BODY_BYTES } from "../../../src/core/limits.ts"
import { app } from "../../../src/routes/app.ts"
import type { Env } from "../../../src/routes/env.ts"
import { findXml, parseXml } from "../../support/xml.ts"
import { fakeEnv } from "./fake-env.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))
vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: () => {} }))

/** What both protocols answer to the same action. */
async function askBoth(env: Env, action: string): Promise<object> {
  const json = await post(env, "{}", { "X-Amz-Target": `AmazonSQS.${action}` })
  const code = json.headers.get("x-amzn-query-error")?.split(";")[0]
  const { message } = await json.json<{ readonly message?: string }>()
  const inJson = { status: json.status, code, message }
  const xml = await post(env, new URLSearchParams({ Action: action }))
  const document = parseXml(await xml.text())
  const [inCode, inMessage] = ["Code", "Message"].map((name) => findXml(document, name)?.text)
  expect({ status: xml.status, code: inCode, message: inMessage }).toEqual(inJson)
  return inJson
}

async function post(env: Env, body: string | URLSearchParams, headers: Record<string, string> = {}): Promise<Response> {
  const context = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} } as unknown as ExecutionContext
  return app.request("/", { method: "POST", body, headers }, env, context)
}

const { MILLRACE_TOKEN: _, ...bare } = fakeEnv({})

test("[X14] a broker that is not set up is one to come back to", async () => {
  expect(await askBoth(bare as Env, "ListQueues")).toMatchObject({ status: 503, code: "ServiceUnavailable" })
})

test("[X14] a broker that can't be reached is one to come back to", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {})
  const env = { ...bare, MILLRACE_AUTH: "off", CATALOG: { getByName: () => ({}) } } as unknown as Env
  expect(await askBoth(env, "ListQueues")).toMatchObject({ status: 503, code: "ServiceUnavailable" })
  expect(error).toHaveBeenCalled()
  error.mockRestore()
})

test("[X14] a bug is logged and said to be one, and nothing else of it", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {})
  const env = {
    get MILLRACE_AUTH(): string {
      throw new Error("planted by this test")
    },
  } as unknown as Env
  expect(await askBoth(env, "ListQueues")).toMatchObject({ status: 500, code: "InternalFailure" })
  expect(error.mock.calls.flat().join()).toContain("planted by this test")
  error.mockRestore()
})

test("[X15] of who presents no key not even the length of a body is looked at", async () => {
  const headers = { "X-Amz-Target": "AmazonSQS.ListQueues" }
  const answer = await post(fakeEnv({}), "x".repeat(MAX_AWS_BODY_BYTES + 1), headers)
  expect(answer.status).toBe(403)
  expect(answer.headers.get("x-amzn-query-error")).toBe("MissingAuthenticationToken;Sender")
})

test.each(["ListQueues", "NoSuchAction", "SendMessage"])(
  "[X15] %s without a signature is not looked at",
  async (action) => {
    expect(await askBoth(fakeEnv({}), action)).toMatchObject({ status: 403, code: "MissingAuthenticationToken" })
  },
)

import { app } from "../../../src/routes/app.ts"
import type { Env } from "../../../src/routes/env.ts"
import { TOKEN } from "./fake-env.ts"

/** What came back, parsed where it is JSON. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** Sends a request with the token through the app; `json` is its body. */
export async function request(env: Env, method: string, path: string, json?: unknown): Promise<Answer> {
  const body = json === undefined ? {} : { body: JSON.stringify(json), headers: { "Content-Type": "application/json" } }
  return send(env, path, { method, ...body })
}

/** Sends any request; the token is added unless `init` has an Authorization header. */
export async function send(env: Env, path: string, init: RequestInit): Promise<Answer> {
  const headers = new Headers(init.headers)
  if (!headers.has("Authorization")) headers.set("Authorization", `Bearer ${TOKEN}`)
  const context = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} } as unknown as ExecutionContext
  const response = await app.request(path, { ...init, headers }, env, context)
  const text = await response.text()
  const isJson = response.headers.get("content-type")?.includes("json") ?? false
  return { status: response.status, headers: response.headers, body: isJson && text !== "" ? JSON.parse(text) : text }
}

import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { DEFAULT_TOKEN_MS, MAX_KNOWN_TOKENS, MAX_TOKEN_CHARACTERS, MAX_TOKEN_MS } from "../../../src/core/limits.ts"
import { ok } from "../../../src/core/result.ts"
import type { Env } from "../../../src/routes/env.ts"
import { type Answer, request, send } from "./request.ts"
import { forgeToken, readTokenPart, TOKEN_HEADER, tokenPart } from "../../support/forged-token.ts"
import { fakeEnv, TOKEN } from "./fake-env.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))
vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: () => {} }))

const env = fakeEnv({ catalog: { listQueues: async () => ({ items: [], cursor: null }) } })
const NOW = 1_800_000_000_123

afterEach(() => vi.useRealTimers())

function at(now: number): void {
  vi.useFakeTimers({ now, toFake: ["Date"] })
}

/** A token of the broker's own secret unless told otherwise. */
function forge(header: unknown, claims: unknown, secret = TOKEN): string {
  return forgeToken(secret, header, claims)
}

const CLAIMS = { iss: "millrace", aud: "millrace.v1", kind: "bearer", ns: "default", iat: NOW / 1000 }

async function present(token: string, broker: Env = env): Promise<Answer> {
  return send(broker, "/v1/queues", { headers: { Authorization: `Bearer ${token}` } })
}

async function make(body: unknown, broker: Env = env): Promise<{ token: string; expiresAt: number | null }> {
  const made = await request(broker, "POST", "/v1/tokens", body)
  expect(made.status).toBe(201)
  expect(made.headers.get("Cache-Control")).toBe("no-store")
  return made.body as { token: string; expiresAt: number | null }
}

describe("making a token", () => {
  it("[A5] without a word it is for everything in the namespace default, for a day", async () => {
    at(NOW)
    const expected = {
      kind: "bearer",
      namespace: "default",
      subject: null,
      rights: null,
      expiresAt: NOW + DEFAULT_TOKEN_MS,
    }
    expect(await make(undefined)).toMatchObject(expected)
    expect(await make({ kind: "bearer", namespace: "default", subject: null, rights: null })).toMatchObject(expected)
  })

  it("[A5] what was asked for is in it", async () => {
    at(NOW)
    const rights = [{ actions: ["read", "produce"], queues: ["jobs", "a-*"] }]
    const made = await make({ namespace: "acme", subject: "app", expiresInMs: MAX_TOKEN_MS, rights })
    const full = [{ ...rights[0], topics: [], groups: [] }]
    expect(made).toMatchObject({ namespace: "acme", subject: "app", expiresAt: NOW + MAX_TOKEN_MS, rights: full })
    const [header, claims] = made.token.split(".").slice(0, 2).map(readTokenPart)
    expect(header).toEqual(TOKEN_HEADER)
    const end = (NOW + MAX_TOKEN_MS) / 1000
    expect(claims).toEqual({ ...CLAIMS, ns: "acme", sub: "app", exp: end, rights: full })
    expect(made.token).toBe(forge(TOKEN_HEADER, claims))
  })

  it.each<readonly [unknown, string]>([
    [{ kind: "other" }, "/kind"],
    [{ accountId: "1".repeat(12) }, "/accountId"],
    [{ namespace: "a/b" }, "/namespace"],
    [{ subject: "x".repeat(257) }, "/subject"],
    [{ expiresInMs: 0 }, "/expiresInMs"],
    [{ expiresInMs: MAX_TOKEN_MS + 1 }, "/expiresInMs"],
    [{ expiresInMs: 1.5 }, "/expiresInMs"],
    [{ rights: {} }, "/rights"],
    [{ rights: [{ queues: ["a"] }] }, "/rights/0/actions"],
    [{ rights: [{ actions: [], queues: ["a"] }] }, "/rights/0/actions"],
    [{ rights: [{ actions: ["read", "read"], queues: ["a"] }] }, "/rights/0/actions"],
    [{ rights: [{ actions: ["own"], queues: ["a"] }] }, "/rights/0/actions/0"],
    [{ rights: [{ actions: ["read"] }] }, "/rights/0"],
    [{ rights: [{ actions: ["read"], queues: [] }] }, "/rights/0"],
    [{ rights: [{ actions: ["read"], queues: ["a b"] }] }, "/rights/0/queues/0"],
    [{ rights: [{ actions: ["read"], tokens: ["*"] }] }, "/rights/0/tokens"],
    [{ rights: Array.from({ length: 33 }, () => ({ actions: ["read"], queues: ["a"] })) }, "/rights"],
    [{ rights: [{ actions: ["read"], queues: Array.from({ length: 257 }, () => "a") }] }, "/rights"],
    [{ rights: [{ actions: ["read"], queues: Array.from({ length: 60 }, () => "a".repeat(128)) }] }, "/rights"],
    [{ scope: "all" }, "/scope"],
  ])("[A5] %j is refused", async (body, pointer) => {
    const answer = await request(env, "POST", "/v1/tokens", body)
    expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer } })
  })

  it("[A5] the longest token that is made is taken", async () => {
    const queues = Array.from({ length: 44 }, (_, index) => String(index).padEnd(128, "x"))
    const { token } = await make({ rights: [{ actions: ["read"], queues }] })
    expect(token.length).toBeGreaterThan(MAX_TOKEN_CHARACTERS - 400)
    expect((await present(token)).status).toBe(200)
  })

  it("[A1] no token makes a token, not even one for everything", async () => {
    for (const rights of [null, [{ actions: ["manage"], queues: ["*"], topics: ["*"], groups: ["*"] }]]) {
      const { token } = await make({ rights })
      const init = { method: "POST", headers: { Authorization: `Bearer ${token}` } }
      expect(await send(env, "/v1/tokens", init)).toMatchObject({ status: 403, body: { code: "forbidden" } })
    }
  })

  it("[A1] without authentication anyone makes tokens, where there is something to sign with", async () => {
    const open = { ...env, MILLRACE_AUTH: "off" }
    expect((await send(open, "/v1/tokens", { method: "POST" })).status).toBe(201)
    const { MILLRACE_TOKEN: _, ...bare } = open
    const answer = await send(bare, "/v1/tokens", { method: "POST" })
    expect(answer).toMatchObject({ status: 503, body: { code: "not_configured" } })
  })
})

describe("presenting a token", () => {
  it("[A3] it is good until its end, to the millisecond, also where it is known already", async () => {
    at(NOW)
    const { token } = await make({ expiresInMs: 1_234 })
    expect((await present(token)).status).toBe(200)
    at(NOW + 1_233)
    expect((await present(token)).status).toBe(200)
    at(NOW + 1_234)
    expect(await present(token)).toMatchObject({ status: 401, body: { code: "unauthorized" } })
  })

  it("[A3] one that never ends does not", async () => {
    at(NOW)
    const { token, expiresAt } = await make({ expiresInMs: null })
    expect(expiresAt).toBeNull()
    at(NOW + 10 * MAX_TOKEN_MS)
    expect((await present(token)).status).toBe(200)
  })

  it("[A2] one that an isolate with a slower clock made is good at once", async () => {
    at(NOW)
    const { token } = await make({})
    at(NOW - 5_000)
    expect((await present(token)).status).toBe(200)
  })

  it("[A2] another signing key ends all tokens, and the root secret stays", async () => {
    const { token } = await make({})
    const rotated = { ...env, MILLRACE_SIGNING_KEY: "another secret" }
    expect((await present(token, rotated)).status).toBe(401)
    const { token: newer } = await make({}, rotated)
    expect((await present(newer, rotated)).status).toBe(200)
    expect((await present(newer)).status).toBe(401)
    expect((await present(TOKEN, rotated)).status).toBe(200)
    expect((await present(token)).status).toBe(200)
  })

  it("[A2] more tokens than are remembered are all good", async () => {
    at(NOW)
    const tokens = Array.from({ length: MAX_KNOWN_TOKENS + 20 }, (_, n) =>
      forge(TOKEN_HEADER, { ...CLAIMS, sub: `s${n}` }),
    )
    for (const token of [...tokens, ...tokens]) expect((await present(token)).status).toBe(200)
  })

  it.each<readonly [string, string]>([
    ["says alg none", `${tokenPart({ alg: "none", typ: "JWT" })}.${tokenPart(CLAIMS)}.`],
    ["says alg none and is signed", forge({ alg: "none" }, CLAIMS)],
    ["says another algorithm", forge({ alg: "HS512", typ: "JWT" }, CLAIMS)],
    ["says an asymmetric algorithm", forge({ alg: "RS256", typ: "JWT" }, CLAIMS)],
    ["has no header", forge(null, CLAIMS)],
    ["has a critical header", forge({ ...TOKEN_HEADER, crit: ["x"] }, CLAIMS)],
    ["was signed with another key", forge(TOKEN_HEADER, CLAIMS, "other")],
    ["is of another issuer", forge(TOKEN_HEADER, { ...CLAIMS, iss: "other" })],
    ["is for another audience", forge(TOKEN_HEADER, { ...CLAIMS, aud: "other" })],
    ["is for several audiences", forge(TOKEN_HEADER, { ...CLAIMS, aud: ["millrace.v1", "other"] })],
    ["is of no kind", forge(TOKEN_HEADER, { ...CLAIMS, kind: undefined })],
    ["has no namespace", forge(TOKEN_HEADER, { ...CLAIMS, ns: undefined })],
    ["has a namespace that is no name", forge(TOKEN_HEADER, { ...CLAIMS, ns: "a/b" })],
    ["has an end that is none", forge(TOKEN_HEADER, { ...CLAIMS, exp: "never" })],
    ["ends at infinity", forge(TOKEN_HEADER, JSON.stringify(CLAIMS).replace("}", ',"exp":1e999}'))],
    ["has ended", forge(TOKEN_HEADER, { ...CLAIMS, exp: 1 })],
    ["has rights that are none", forge(TOKEN_HEADER, { ...CLAIMS, rights: "all" })],
    ["has rights that are null", forge(TOKEN_HEADER, { ...CLAIMS, rights: null })],
    [
      "has an action that nobody knows",
      forge(TOKEN_HEADER, { ...CLAIMS, rights: [{ actions: ["own"], queues: ["*"] }] }),
    ],
    ["has a claim that nobody knows", forge(TOKEN_HEADER, { ...CLAIMS, onlyAt: "night" })],
    ["claims nothing", forge(TOKEN_HEADER, null)],
    ["claims a number", forge(TOKEN_HEADER, 7)],
    ["claims what is no JSON", forge(TOKEN_HEADER, "{")],
    ["is in two parts", forge(TOKEN_HEADER, CLAIMS).split(".").slice(0, 2).join(".")],
    ["is in four parts", `${forge(TOKEN_HEADER, CLAIMS)}.x`],
    ["is dots", ".."],
    ["is too long", forge(TOKEN_HEADER, { ...CLAIMS, sub: "x".repeat(MAX_TOKEN_CHARACTERS) })],
  ])("[A2] one that %s is unauthorized", async (_, token) => {
    expect(await present(token)).toMatchObject({ status: 401, body: { code: "unauthorized" } })
    // and is not taken for another one later
    expect((await present(forge(TOKEN_HEADER, CLAIMS))).status).toBe(200)
    expect((await present(token)).status).toBe(401)
  })

  it("[A2] one of which a character is another is unauthorized, whichever", async () => {
    const token = forge(TOKEN_HEADER, CLAIMS)
    // the last one holds four bits of the signature and two of nothing
    const place = fc.nat(token.length - 2)
    const character = fc.constantFrom(...Array.from("ABCabc012-_.=%é"))
    await fc.assert(
      fc.asyncProperty(place, character, async (at, other) => {
        fc.pre(token[at] !== other)
        const altered = token.slice(0, at) + other + token.slice(at + 1)
        expect((await present(altered)).status).toBe(401)
      }),
    )
  })

  it("[A4] is of its namespace alone", async () => {
    const asked: string[] = []
    const catalog = (namespace: string) => ({
      getByName: (name: string) => ({
        getQueue: async () => ok(asked.push(`${namespace}${name}`)),
        listQueues: async () => {
          asked.push(name)
          return { items: [], cursor: null }
        },
      }),
    })
    const broker = { ...env, CATALOG: catalog("") } as unknown as Env
    await present(TOKEN, broker)
    await present((await make({ namespace: "acme" })).token, broker)
    expect(asked).toEqual(["default", "acme"])
  })
})

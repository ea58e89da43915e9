import { afterEach, describe, expect, it, vi } from "vitest"
import { ACCESS_KEY_ID, DEFAULT_TOKEN_MS, MAX_TOKEN_MS } from "../../../src/core/limits.ts"
import { accountOf } from "../../../src/protocol/aws/account.ts"
import { isAccessKeyId, newAccessKeyId } from "../../../src/routes/tokens/access-key-ids.ts"
import { newSecretAccessKey, seal, unseal } from "../../../src/routes/tokens/sealed-secrets.ts"
import { TOKEN } from "./fake-env.ts"
import { KeptKeys } from "./kept-keys.ts"
import { request, send } from "./request.ts"

vi.mock("../../../src/session/open-session.ts", () => ({
  openSession: () => new Response("session"),
  SUBPROTOCOL: "millrace.v1",
}))
vi.mock("../../../src/session/wait.ts", () => ({ waitForMessages: () => {} }))

const NOW = 1_800_000_000_123
const kept = new KeptKeys()

afterEach(() => vi.useRealTimers())

describe("making an access key", () => {
  it("[A19] without a word it is the owner's of the namespace default, for a day", async () => {
    vi.useFakeTimers({ now: NOW, toFake: ["Date"] })
    const made = await request(kept.env, "POST", "/v1/tokens", { kind: "aws" })
    expect(made.headers.get("Cache-Control")).toBe("no-store")
    expect(made).toMatchObject({ status: 201 })
    expect(made.body).toEqual({
      kind: "aws",
      accessKeyId: expect.stringMatching(/^MRAK[A-Z2-7]{16}$/) as unknown,
      secretAccessKey: expect.stringMatching(/^[A-Za-z0-9_-]{40}$/) as unknown,
      accountId: "000000000000",
      namespace: "default",
      subject: null,
      expiresAt: NOW + DEFAULT_TOKEN_MS,
      rights: null,
    })
  })

  it("[A19] what was asked for is kept with it", async () => {
    vi.useFakeTimers({ now: NOW, toFake: ["Date"] })
    const rights = [{ actions: ["consume"], queues: ["jobs"] }]
    const asked = { namespace: "acme", accountId: "123456789012", subject: "app", expiresInMs: MAX_TOKEN_MS, rights }
    const { accessKeyId, ...made } = await kept.make(asked)
    const full = [{ ...rights[0], topics: [], groups: [] }]
    const { expiresInMs, ...same } = asked
    expect(made).toMatchObject({ ...same, expiresAt: NOW + expiresInMs, rights: full })
    const { sealedSecret: _, ...stored } = kept.keys.get(accessKeyId)!
    expect(stored).toEqual({ ...same, rights: full, createdAt: NOW, expiresAt: NOW + expiresInMs })
  })

  it("[A19] one that never ends says so", async () => {
    expect(await kept.make({ expiresInMs: null })).toMatchObject({ expiresAt: null })
  })

  it("[A20] the account of a namespace is always the same one", async () => {
    expect(await kept.make({ namespace: "acme" })).toMatchObject({ accountId: accountOf("acme") })
    expect(accountOf("acme")).toBe("821131589856")
    expect(accountOf("default")).toBe("000000000000")
    const accounts = Array.from({ length: 5_000 }, (_, index) => accountOf(`tenant-${index}`))
    expect(new Set(accounts).size).toBe(accounts.length)
    for (const account of accounts) expect(account).toMatch(/^(?!0{12})\d{12}$/)
  })

  it.each<readonly [object, string]>([
    [{ kind: "AWS" }, "/kind"],
    [{ accountId: "1234" }, "/accountId"],
    [{ accountId: 123_456_789_012 }, "/accountId"],
    [{ accountId: null }, "/accountId"],
    [{ secretAccessKey: "x" }, "/secretAccessKey"],
    [{ namespace: "" }, "/namespace"],
    [{ expiresInMs: 0 }, "/expiresInMs"],
    [{ rights: [{ actions: ["read"] }] }, "/rights/0"],
  ])("[A19] %j is refused", async (body, pointer) => {
    const answer = await request(kept.env, "POST", "/v1/tokens", { kind: "aws", ...body })
    expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer } })
  })

  it("[A1] no token makes one or takes one back", async () => {
    const made = await request(kept.env, "POST", "/v1/tokens", {})
    const headers = {
      Authorization: `Bearer ${(made.body as { token: string }).token}`,
      "Content-Type": "application/json",
    }
    const forbidden = { status: 403, body: { code: "forbidden" } }
    const body = JSON.stringify({ kind: "aws" })
    expect(await send(kept.env, "/v1/tokens", { method: "POST", headers, body })).toMatchObject(forbidden)
    const { accessKeyId } = await kept.make()
    const remove = send(kept.env, `/v1/tokens/${accessKeyId}`, { method: "DELETE", headers })
    expect(await remove).toMatchObject(forbidden)
    expect(kept.keys.has(accessKeyId)).toBe(true)
  })
})

describe("taking an access key back", () => {
  it("[A23] forgets it, and there is none to take back again", async () => {
    const { accessKeyId } = await kept.make()
    expect((await request(kept.env, "DELETE", `/v1/tokens/${accessKeyId}`)).status).toBe(204)
    expect(kept.keys.has(accessKeyId)).toBe(false)
    const missing = { status: 404, body: { code: "not_found", resource: "access key", name: accessKeyId } }
    expect(await request(kept.env, "DELETE", `/v1/tokens/${accessKeyId}`)).toMatchObject(missing)
  })

  it("[A23] what can be none is not looked for", async () => {
    for (const id of ["x", "MRAK", "mrakaaaaaaaaaaaaaaaa", "A".repeat(21)]) {
      const answer = await request(kept.env, "DELETE", `/v1/tokens/${id}`)
      expect(answer).toMatchObject({ status: 404, body: { code: "not_found", name: id } })
    }
  })

  it("[A23] also one that another signing secret made", async () => {
    const { accessKeyId } = await kept.make()
    const rotated = { ...kept.env, MILLRACE_SIGNING_KEY: "another secret" }
    expect((await request(rotated, "DELETE", `/v1/tokens/${accessKeyId}`)).status).toBe(204)
  })
})

describe("an id", () => {
  it("[A21] is of one signing secret, and hardly to be guessed", async () => {
    const ids = await Promise.all(Array.from({ length: 100 }, () => newAccessKeyId(TOKEN)))
    expect(new Set(ids).size).toBe(100)
    for (const id of ids) {
      expect(id).toMatch(ACCESS_KEY_ID)
      expect(await isAccessKeyId(id, TOKEN)).toBe(true)
      expect(await isAccessKeyId(id, "another secret")).toBe(false)
      for (let at = 0; at < id.length; at++) {
        const altered = id.slice(0, at) + (id[at] === "A" ? "B" : "A") + id.slice(at + 1)
        expect(await isAccessKeyId(altered, TOKEN)).toBe(false)
      }
    }
  })
})

describe("a secret", () => {
  it("[A22] is kept encrypted, each time otherwise, for its key and signing secret alone", async () => {
    const secret = newSecretAccessKey()
    const sealed = await seal(secret, "one", TOKEN)
    expect(new TextDecoder("latin1").decode(sealed).includes(secret)).toBe(false)
    expect(await seal(secret, "one", TOKEN)).not.toEqual(sealed)
    expect(await unseal(sealed, "one", TOKEN)).toBe(secret)
    expect(await unseal(sealed, "other", TOKEN)).toBeNull()
    expect(await unseal(sealed, "one", "another secret")).toBeNull()
    expect(await unseal(sealed.with(20, sealed[20]! ^ 1), "one", TOKEN)).toBeNull()
    expect(await unseal(sealed.slice(0, 11), "one", TOKEN)).toBeNull()
  })
})

import { describe, expect, it } from "vitest"
import { ACCESS_KEY_TTL_MS, MAX_KNOWN_ACCESS_KEYS, MAX_SIGNING_KEYS } from "../../../../src/core/limits.ts"
import { newAccessKeyId } from "../../../../src/routes/tokens/access-key-ids.ts"
import { presign, sign } from "../../../support/aws-signer.ts"
import { TOKEN } from "../fake-env.ts"
import {
  INVALID,
  KEPT,
  LIST,
  MINUTE,
  MISMATCH,
  NOW,
  present,
  refused,
  withAuthorization,
  withHeader,
  withoutHeader,
} from "./signed-scene.ts"

describe("whoever signs", () => {
  it("[A14] in a header is known", async () => {
    const key = await KEPT.make()
    const identity = {
      accessKeyId: key.accessKeyId,
      accountId: "000000000000",
      ownerAccountId: "000000000000",
      region: "eu-central-1",
    }
    const caller = { namespace: "default", endsAt: key.expiresAt, isRoot: false }
    expect(await present(sign(key, LIST))).toMatchObject({ ok: true, value: { caller, identity } })
  })

  it("[A14] in a URL is known, with and without an end of its own", async () => {
    const key = await KEPT.make({ namespace: "acme", accountId: "123456789012" })
    const url = "http://broker.example/000000000000/a%20b?Action=SendMessage&MessageBody=a+b%2A~é&Attribute.1=&B"
    for (const expires of [60, null]) {
      const known = await present(presign(key, { url, at: NOW }, expires))
      expect(known).toMatchObject({
        ok: true,
        value: { caller: { namespace: "acme" }, identity: { accountId: "123456789012" } },
      })
    }
  })

  it("[A16] with a session token, which nobody looks at, is known", async () => {
    const key = await KEPT.make()
    const headers = { "x-amz-security-token": "AQoDYXdzEPT//wEXAMPLE==" }
    expect(await present(sign(key, { ...LIST, headers }))).toMatchObject({ ok: true })
    const signed = presign(key, { url: "http://broker.example/", at: NOW }, 60, { "X-Amz-Security-Token": "a/b+c==" })
    expect(await present(signed)).toMatchObject({ ok: true })
  })

  it("[A20] for another account is nobody but that one", async () => {
    const key = await KEPT.make({ namespace: "acme", accountId: "123456789012" })
    const known = await present(sign(key, LIST))
    if (!known.ok) throw new Error(known.error.message)
    expect(known.value.identity.ownerAccountId).not.toBe("123456789012")
  })

  it("[A14] has the rights of the key", async () => {
    const key = await KEPT.make({ rights: [{ actions: ["consume"], queues: ["jobs"] }] })
    const known = await present(sign(key, LIST))
    if (!known.ok) throw new Error(known.error.message)
    const { access } = known.value.caller
    expect(access.allows("consume", "queue", "jobs")).toBe(true)
    expect(access.allows("produce", "queue", "jobs")).toBe(false)
  })

  it("[A16] several headers of one name, which come as one, is known", async () => {
    const key = await KEPT.make()
    const { headers, ...apart } = sign(key, { ...LIST, headers: { "x-list": "a,b,c" } })
    expect(await present({ ...apart, headers: { ...headers, "x-list": "a, b, c" } })).toMatchObject({ ok: true })
    expect(await present({ ...apart, headers: { ...headers, "x-list": "a, b, d" } })).toMatchObject(MISMATCH)
  })

  it("[A15] by the date that HTTP has is known, and without any is not", async () => {
    const signed = sign(await KEPT.make(), { ...LIST, hasHttpDate: true })
    expect(await present(signed)).toMatchObject({ ok: true })
    expect(await present(withoutHeader(signed, "date"))).toEqual(
      refused(
        "IncompleteSignature",
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
      ),
    )
    // the one of AWS comes first
    expect(await present(withHeader(signed, "x-amz-date", "20260830T123601Z"))).toMatchObject(MISMATCH)
  })
})

describe("a key", () => {
  it("[A21] that was never made, or of another broker, is none; what can be none is not looked for", async () => {
    const secretAccessKey = "x".repeat(40)
    KEPT.reads = 0
    for (const accessKeyId of ["AKIAIOSFODNN7EXAMPLE", "test", "MRAKAAAAAAAAAAAAAAAA"]) {
      expect(await present(sign({ accessKeyId, secretAccessKey }, LIST))).toEqual(INVALID)
    }
    expect(KEPT.reads).toBe(0)
    const accessKeyId = await newAccessKeyId(TOKEN)
    for (let time = 0; time < 3; time++) {
      expect(await present(sign({ accessKeyId, secretAccessKey }, LIST))).toEqual(INVALID)
    }
    expect(KEPT.reads).toBe(1)
  })

  it("[A16] with another secret is not its owner's", async () => {
    const key = await KEPT.make()
    expect(await present(sign({ ...key, secretAccessKey: "x".repeat(40) }, LIST))).toMatchObject(MISMATCH)
    expect(await present(sign(key, LIST))).toMatchObject({ ok: true })
  })

  it("[A22] is none where another secret signs now, and is one again with the first", async () => {
    const key = await KEPT.make()
    const rotated = { ...KEPT.env, MILLRACE_SIGNING_KEY: "another secret" }
    expect(await present(sign(key, LIST))).toMatchObject({ ok: true })
    expect(await present(sign(key, LIST), { env: rotated })).toEqual(INVALID)
    const newer = await KEPT.make({}, rotated)
    expect(await present(sign(newer, LIST), { env: rotated })).toMatchObject({ ok: true })
    expect(await present(sign(newer, LIST))).toEqual(INVALID)
    expect(await present(sign(key, LIST))).toMatchObject({ ok: true })
  })

  it("[A22] whose secret can't be opened is none", async () => {
    const [one, other] = [await KEPT.make(), await KEPT.make()]
    KEPT.keys.set(one.accessKeyId, KEPT.keys.get(other.accessKeyId)!)
    expect(await present(sign({ ...other, accessKeyId: one.accessKeyId }, LIST))).toEqual(INVALID)
  })

  it("[A23] that has ended is none, also where it is known already", async () => {
    const key = await KEPT.make({ expiresInMs: MINUTE })
    const endsAt = KEPT.keys.get(key.accessKeyId)!.expiresAt!
    const at = (now: number) => present(sign(key, { ...LIST, at: now }), { now })
    expect(await at(endsAt - 1)).toMatchObject({ ok: true })
    expect(await at(endsAt)).toEqual(INVALID)
  })

  it("[A23] that was taken back elsewhere is none as soon as it is asked for anew", async () => {
    const key = await KEPT.make()
    expect(await present(sign(key, LIST))).toMatchObject({ ok: true })
    KEPT.keys.delete(key.accessKeyId)
    KEPT.reads = 0
    expect(await present(sign(key, LIST), { now: NOW + ACCESS_KEY_TTL_MS - 1 })).toMatchObject({ ok: true })
    expect(await present(sign(key, LIST), { now: NOW + ACCESS_KEY_TTL_MS })).toEqual(INVALID)
    expect(KEPT.reads).toBe(1)
  })

  it("[A23] that can't be asked for is not taken for one, nor for none", async () => {
    const key = await KEPT.make()
    KEPT.isAway = true
    expect(await present(sign(key, LIST))).toMatchObject(refused("ServiceUnavailable"))
    KEPT.isAway = false
    expect(await present(sign(key, LIST))).toMatchObject({ ok: true })
    KEPT.isAway = true
    const later = NOW + ACCESS_KEY_TTL_MS
    expect(await present(sign(key, { ...LIST, at: later }), { now: later })).toMatchObject(
      refused("ServiceUnavailable"),
    )
    KEPT.isAway = false
  })

  it("[A14] is good in more regions and among more keys than are remembered", async () => {
    const keys = await Promise.all(Array.from({ length: MAX_KNOWN_ACCESS_KEYS + 5 }, () => KEPT.make()))
    for (const key of [...keys, keys[0]!]) expect(await present(sign(key, LIST))).toMatchObject({ ok: true })
    for (let region = 0; region < 2 * MAX_SIGNING_KEYS; region++) {
      const known = await present(sign(keys[0]!, { ...LIST, region: `r-${region % (MAX_SIGNING_KEYS + 1)}` }))
      expect(known).toMatchObject({ ok: true, value: { identity: { region: `r-${region % (MAX_SIGNING_KEYS + 1)}` } } })
    }
  })
})

describe("a broker", () => {
  it("[A14] without a token serves nobody", async () => {
    const { MILLRACE_TOKEN: _, ...bare } = KEPT.env
    const signed = sign(await KEPT.make(), LIST)
    for (const env of [bare, { ...bare, MILLRACE_SIGNING_KEY: TOKEN }]) {
      expect(await present(signed, { env })).toMatchObject(refused("ServiceUnavailable"))
    }
  })

  it("[A14] without authentication serves everyone as the owner of the namespace default", async () => {
    const env = { ...KEPT.env, MILLRACE_AUTH: "off" }
    const owner = { accountId: "000000000000", ownerAccountId: "000000000000" }
    const anyone = { accessKeyId: "anything", secretAccessKey: "at all" }
    const get = { method: "GET", url: "http://broker.example/?Action=ListQueues", headers: {} }
    const unknown = { ...owner, accessKeyId: null, region: "us-east-1" }
    const named = { ...owner, accessKeyId: "anything", region: "eu-central-1" }
    for (const [signed, identity] of [
      [get, unknown],
      [{ ...get, headers: { authorization: "Bearer x" } }, unknown],
      [withAuthorization(sign(anyone, LIST), "eu-central-1", "a:b"), { ...named, region: "us-east-1" }],
      [sign(anyone, { ...LIST, at: 0, service: "sns" }), named],
      [presign(anyone, { ...get, at: 0 }), named],
    ] as const) {
      const known = await present(signed, { env })
      const caller = { namespace: "default", isRoot: true }
      expect(known).toMatchObject({ ok: true, value: { caller, identity } })
    }
  })
})

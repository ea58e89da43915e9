import { describe, expect, it } from "vitest"
import { presign, sign, type Signed } from "../../../support/aws-signer.ts"
import {
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

describe("what was altered on its way", () => {
  it.each<readonly [string, (signed: Signed) => Signed]>([
    ["the method", (signed) => ({ ...signed, method: "PUT" })],
    ["the path", (signed) => ({ ...signed, url: `${signed.url}x` })],
    ["the query", (signed) => ({ ...signed, url: `${signed.url}?Action=DeleteQueue` })],
    ["the body", (signed) => ({ ...signed, body: `${signed.body} ` })],
    ["the host", (signed) => ({ ...signed, url: signed.url.replace("broker", "other") })],
    ["the target", (signed) => withHeader(signed, "x-amz-target", "AmazonSQS.DeleteQueue")],
    ["the date", (signed) => withHeader(signed, "x-amz-date", "20260830T123601Z")],
    ["the region", (signed) => withAuthorization(signed, "eu-central-1", "eu-central-2")],
    ["the signed headers", (signed) => withAuthorization(signed, ";x-padded", "")],
    ["the signature", (signed) => withAuthorization(signed, /.$/, "")],
    ["a signature that goes on", (signed) => withAuthorization(signed, /$/, "0")],
    ["the signature's case", (signed) => withAuthorization(signed, /[0-9a-f]{64}/, (text) => text.toUpperCase())],
    ["a header that is missing", (signed) => withoutHeader(signed, "content-type")],
    ["the hash of the body", (signed) => withHeader(signed, "x-amz-content-sha256", "0".repeat(64))],
    ["that no body is signed", (signed) => withHeader(signed, "x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
  ])("[A16] %s makes it nobody's", async (_, alter) => {
    const signed = sign(await KEPT.make(), LIST)
    expect(await present(signed)).toMatchObject({ ok: true })
    expect(await present(alter(signed))).toMatchObject(refused("SignatureDoesNotMatch"))
  })

  it.each(["X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature", "Action"])(
    "[A16] %s of a URL makes it nobody's",
    async (name) => {
      const key = await KEPT.make()
      const signed = presign(key, { url: "http://broker.example/?Action=ListQueues", at: NOW }, 60)
      const url = new URL(signed.url)
      const other = name === "X-Amz-Date" ? "20260830T123601Z" : name === "X-Amz-Expires" ? "61" : null
      const value = url.searchParams.get(name)!
      url.searchParams.set(name, other ?? value.replace("eu-central-1", "eu-central-2").replace(/[0-9a-z]$/, "_"))
      expect(await present({ ...signed, url: url.href })).toMatchObject(refused("SignatureDoesNotMatch"))
    },
  )

  it("[A16] a parameter more makes it nobody's", async () => {
    const signed = presign(await KEPT.make(), { url: "http://broker.example/?Action=ListQueues", at: NOW })
    expect(await present({ ...signed, url: `${signed.url}&MaxResults=1` })).toMatchObject(MISMATCH)
  })

  it("[A18] who has a URL must not choose its action", async () => {
    const key = await KEPT.make()
    const [named, open] = [LIST.headers!, {}].map((headers) => presign(key, { ...LIST, headers, method: "POST" }))
    expect(await present(named!)).toMatchObject({ ok: true })
    expect(await present(withHeader(open!, "x-amz-target", "AmazonSQS.PurgeQueue"))).toMatchObject(MISMATCH)
  })

  it("[A18] what signs a URL is good in no header, where neither its end nor its action would hold", async () => {
    const key = await KEPT.make()
    const signed = presign(key, { url: "http://broker.example/?Action=SendMessage", method: "POST", at: NOW }, 60)
    const url = new URL(signed.url)
    const [credential, date, signature] = ["Credential", "Date", "Signature"].map((name) => {
      return url.searchParams.get(`X-Amz-${name}`)!
    })
    url.searchParams.delete("X-Amz-Signature")
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=${signature}`
    const moved = { ...signed, url: url.href, headers: { authorization, "x-amz-date": date! } }
    const refusal = refused("IncompleteSignature", expect.stringMatching(/^Only one auth mechanism allowed/))
    expect(await present(moved, { now: NOW + 2 * MINUTE })).toEqual(refusal)
    expect(await present(withHeader(moved, "x-amz-target", "AmazonSQS.ListQueues"))).toEqual(refusal)
    const encoded = { ...moved, url: url.href.replace("X-Amz-Algorithm", "%58-Amz-Algorithm") }
    expect(await present(encoded)).toEqual(refusal)
  })
})

import { describe, expect, it } from "vitest"
import type { AwsRefusalName } from "../../../../src/protocol/aws/refusals.ts"
import { presign, sign, type Signed, type Unsigned } from "../../../support/aws-signer.ts"
import { KEPT, LIST, MINUTE, NOW, present, refused, withAuthorization } from "./signed-scene.ts"

describe("what is no signature", () => {
  it.each<readonly [string, Partial<Signed>, AwsRefusalName, RegExp]>([
    ["nothing", {}, "MissingAuthenticationToken", /^Request is missing Authentication Token$/],
    [
      "a token",
      { headers: { authorization: "Bearer x" } },
      "IncompleteSignature",
      /'Credential' parameter.*'Signature' parameter.*'SignedHeaders' parameter.*'X-Amz-Date'/,
    ],
    [
      "another algorithm",
      { headers: { authorization: "AWS4-ECDSA-P256-SHA256 Credential=a", "x-amz-date": "20260830T123600Z" } },
      "IncompleteSignature",
      /'Credential' parameter/,
    ],
    [
      "an incomplete one",
      {
        headers: {
          authorization: "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=",
          "x-amz-date": "20260830T123600Z",
        },
      },
      "IncompleteSignature",
      /^Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.$/,
    ],
    [
      "a credential in four parts",
      {
        headers: {
          authorization: "AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=f",
          "x-amz-date": "20260830T123600Z",
        },
      },
      "IncompleteSignature",
      /exactly 5 slash-delimited elements.*'a\/b\/c\/d'$/,
    ],
    [
      "a date that is none",
      {
        headers: {
          authorization: "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=f",
          "x-amz-date": "today",
        },
      },
      "IncompleteSignature",
      /'X-Amz-Date'/,
    ],
    [
      "a URL without most of it",
      { url: "http://broker.example/?X-Amz-Algorithm=AWS4-HMAC-SHA256" },
      "IncompleteSignature",
      /'X-Amz-Credential'.*'X-Amz-Signature'.*'X-Amz-SignedHeaders'.*'X-Amz-Date'/,
    ],
  ])("[A15] %s is refused", async (_, part, name, message) => {
    const answer = await present({ method: "GET", url: "http://broker.example/", headers: {}, ...part })
    expect(answer).toMatchObject(refused(name, expect.stringMatching(message)))
  })

  it.each<readonly [string, number | null, Record<string, string>, RegExp]>([
    ["another algorithm", 60, { "X-Amz-Algorithm": "AWS4-HMAC-SHA1" }, /'AWS4-HMAC-SHA1'/],
    ["a date of HTTP", 60, { "X-Amz-Date": "Sun, 30 Aug 2026 12:36:00 GMT" }, /'basic format'/],
    ["more than a week", 604_801, {}, /604800/],
    ["no time", 0, {}, /positive/],
    ["an end that is none", null, { "X-Amz-Expires": "1e3" }, /positive/],
  ])("[A15] [A18] a URL with %s is refused", async (_, expires, more, message) => {
    const signed = presign(await KEPT.make(), { url: "http://broker.example/", at: NOW }, expires, more)
    expect(await present(signed)).toMatchObject(refused("IncompleteSignature", expect.stringMatching(message)))
  })

  it.each<readonly [string, Partial<Unsigned>, RegExp]>([
    ["another service", { service: "sns" }, /correct service: 'sqs'/],
    ["a region that is none", { region: "eu_1" }, /valid region, not 'eu_1'/],
  ])("[A17] a scope of %s is refused", async (_, part, message) => {
    const signed = sign(await KEPT.make(), { ...LIST, ...part })
    expect(await present(signed)).toMatchObject(refused("SignatureDoesNotMatch", expect.stringMatching(message)))
  })

  it.each<readonly [string, string | RegExp, string, RegExp]>([
    ["another day", "/20260830/", "/20260829/", /'20260829' != '20260830', from '20260830T123600Z'/],
    ["another end", "aws4_request", "aws4", /valid terminator: 'aws4_request', not 'aws4'/],
    ["no host", ";host", "", /'Host' or ':authority' must be a 'SignedHeader'/],
    ["a header without a name", ";host", ";host;", /must be names of headers/],
    ["a header that is none", ";host", ";host;a b", /must be names of headers/],
    ["a header of another alphabet", ";host", ";host;ä", /must be names of headers/],
  ])("[A17] a signature with %s is refused", async (_, what, by, message) => {
    const signed = withAuthorization(sign(await KEPT.make(), LIST), what, by)
    expect(await present(signed)).toMatchObject(refused("SignatureDoesNotMatch", expect.stringMatching(message)))
  })
})

it("[A17] a URL whose signed headers are none is refused", async () => {
  const signed = presign(await KEPT.make(), { url: "http://broker.example/", at: NOW })
  const url = signed.url.replace("SignedHeaders=host", "SignedHeaders=host%3B%0A")
  expect(await present({ ...signed, url })).toMatchObject(refused("SignatureDoesNotMatch"))
})

describe("the time", () => {
  it("[A18] may be fifteen minutes off, and no more", async () => {
    const signed = sign(await KEPT.make(), LIST)
    for (const offMs of [-15 * MINUTE, 15 * MINUTE]) {
      expect(await present(signed, { now: NOW + offMs })).toMatchObject({ ok: true })
    }
    const late = "Signature expired: 20260830T123600Z is now earlier than 20260830T123600Z (20260830T125100Z - 15 min.)"
    expect(await present(signed, { now: NOW + 15 * MINUTE + 1 })).toEqual(refused("RequestTimeTooSkewed", late))
    const early =
      "Signature not yet current: 20260830T123600Z is still later than 20260830T123559Z (20260830T122059Z + 15 min.)"
    expect(await present(signed, { now: NOW - 15 * MINUTE - 1 })).toEqual(refused("RequestTimeTooSkewed", early))
  })

  it("[A18] of a URL is what it says, a week at most", async () => {
    const key = await KEPT.make({ expiresInMs: null })
    const week = 7 * 24 * 60 * MINUTE
    const signed = presign(key, { url: "http://broker.example/?Action=ListQueues", at: NOW }, week / 1000)
    expect(await present(signed, { now: NOW + week })).toMatchObject({ ok: true })
    const expired = refused("RequestExpired", "Request has expired.")
    expect(await present(signed, { now: NOW + week + 1 })).toMatchObject(expired)
    const early = await present(signed, { now: NOW - 15 * MINUTE - 1 })
    expect(early).toMatchObject(refused("RequestTimeTooSkewed"))
  })
})

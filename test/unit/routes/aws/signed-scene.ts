import { expect } from "vitest"
import type { AwsRefusalName } from "../../../../src/protocol/aws/refusals.ts"
import { claimAws } from "../../../../src/routes/doors/aws/authenticate.ts"
import type { Env } from "../../../../src/routes/env.ts"
import type { Signed, Unsigned } from "../../../support/aws-signer.ts"
import { KeptKeys } from "../kept-keys.ts"

export const NOW = Date.UTC(2026, 7, 30, 12, 36, 0)
export const MINUTE = 60_000

/** The keys of the broker. */
export const KEPT = new KeptKeys()

/** A request as SDKs make them. */
export const LIST: Unsigned = {
  url: "http://broker.example:8787/",
  headers: {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "AmazonSQS.ListQueues",
    "x-padded": "  a   b\tc ",
  },
  body: '{"QueueNamePrefix":"é"}',
  at: NOW,
}

/** Who sends what was signed, as the keys of a broker have it. */
export async function present(signed: Signed, { env = KEPT.env, now = NOW }: { env?: Env; now?: number } = {}) {
  const { url, method, headers, body } = signed
  const request = new Request(url, { method, headers: { host: new URL(url).host, ...headers } })
  const claimed = await claimAws(request, env, "sqs", now)
  return claimed.ok ? claimed.value(new TextEncoder().encode(body ?? "")) : claimed
}

export function refused(name: AwsRefusalName, message: unknown = expect.any(String)) {
  return { ok: false, error: { name, message } }
}

export const MISMATCH = refused("SignatureDoesNotMatch", expect.stringMatching(/^The request signature we calculated/))
export const INVALID = refused("InvalidClientTokenId", "The security token included in the request is invalid.")

export function withHeader(signed: Signed, name: string, value: string): Signed {
  return { ...signed, headers: { ...signed.headers, [name]: value } }
}

export function withoutHeader(signed: Signed, name: string): Signed {
  return { ...signed, headers: Object.fromEntries(Object.entries(signed.headers).filter(([one]) => one !== name)) }
}

export function withAuthorization(
  signed: Signed,
  what: string | RegExp,
  by: string | ((text: string) => string),
): Signed {
  return withHeader(signed, "authorization", signed.headers["authorization"]!.replace(what, by as string))
}

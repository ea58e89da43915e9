import { EVERYTHING } from "../../../core/access/access.ts"
import { accountOf } from "../../../protocol/aws/account.ts"
import { isRegion } from "../../../protocol/aws/signature-terms.ts"
import type { Caller } from "../../env.ts"
import { queryOf } from "../../validate.ts"
import type { AwsCaller } from "./identity.ts"

const DEFAULT_REGION = "us-east-1"
const NAMESPACE = "default"
const OWNER: Caller = { namespace: NAMESPACE, access: EVERYTHING, endsAt: null, isRoot: true }
const ACCOUNT_ID = accountOf(NAMESPACE)

/** What is said of a key by who need not have one. */
const CREDENTIAL = /^([^/]+)\/[^/]*\/([^/]*)\//
const IN_HEADER = /Credential=([^,\s]+)/

/** The owner of `default`, who anyone is where authentication is off; a credential says which region he means (`[A14]`). */
export function anyone({ headers, url }: Request): AwsCaller {
  const [, accessKeyId = null, region = ""] = CREDENTIAL.exec(credentialOf(headers, url)) ?? []
  return {
    caller: OWNER,
    identity: {
      accessKeyId,
      accountId: ACCOUNT_ID,
      ownerAccountId: ACCOUNT_ID,
      region: isRegion(region) ? region : DEFAULT_REGION,
    },
  }
}

function credentialOf(headers: Headers, url: string): string {
  const authorization = headers.get("authorization")
  if (authorization !== null) return IN_HEADER.exec(authorization)?.[1] ?? ""
  return url.includes("X-Amz-Credential") ? (queryOf(url).get("X-Amz-Credential") ?? "") : ""
}

import type { Context } from "../../../protocol/sqs/policy-conditions.ts"
import type { AwsIdentity } from "../aws/identity.ts"
import type { SqsRequest } from "./action.ts"

/** What policies call the caller: the user that is its key, or the account where there is none. */
export function principalArn({ accessKeyId, accountId }: AwsIdentity): string {
  return `arn:aws:iam::${accountId}:${accessKeyId === null ? "root" : `user/${accessKeyId}`}`
}

/** What a request has under the condition keys of AWS that mean something here. */
export function conditionContext({ env, request, identity, origin }: SqsRequest): Context {
  return (key) => {
    switch (key) {
      case "aws:securetransport":
        // development has no TLS, and a policy that wants it is made for production
        return String(origin.startsWith("https:") || env.MILLRACE_AUTH === "off")
      case "aws:sourceip":
        return request.headers.get("cf-connecting-ip") ?? undefined
      case "aws:useragent":
        return request.headers.get("user-agent") ?? undefined
      case "aws:referer":
        return request.headers.get("referer") ?? undefined
      case "aws:currenttime":
        return new Date().toISOString()
      case "aws:epochtime":
        return String(Math.floor(Date.now() / 1000))
      case "aws:principalaccount":
        return identity.accountId
      case "aws:principalarn":
        return principalArn(identity)
      case "aws:username":
        return identity.accessKeyId ?? undefined
      case "aws:resourceaccount":
        return identity.ownerAccountId
      case "aws:requestedregion":
        return identity.region
      case "aws:viaawsservice":
      case "aws:principalisawsservice":
        return "false"
    }
    return undefined
  }
}

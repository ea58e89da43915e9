import { describe, expect, it } from "vitest"
import { EVERYTHING } from "../../../src/core/access/access.ts"
import type { ActionName } from "../../../src/protocol/sqs/actions.ts"
import { policyRefusal } from "../../../src/routes/doors/sqs/authorize.ts"
import { conditionContext, principalArn } from "../../../src/routes/doors/sqs/principal.ts"
import type { SqsRequest } from "../../../src/routes/doors/sqs/action.ts"
import { fakeEnv, queueEntry } from "./fake-env.ts"

const OWNER = "000000000000"
const STRANGER = "111122223333"

describe("policyRefusal", () => {
  it("[X44] keeps no one out who is the owner, by what is no policy; and lets no guest in", () => {
    const entry = queueEntry("orders", 1, { annotations: { "sqs:Policy": "what an owner wrote natively" } })
    expect(policyRefusal(requestOf({}), entry)).toBeNull()
    expect(policyRefusal(requestOf({ accountId: STRANGER }), entry)).toMatchObject({ name: "AccessDenied" })
  })

  it("[X44] goes by the policy that the settings have now", () => {
    const guest = requestOf({ accountId: STRANGER })
    const closed = withPolicy({ Effect: "Deny" })
    const open = withPolicy({ Effect: "Allow" })
    expect(policyRefusal(guest, closed)?.message).toMatch(/with an explicit deny in a resource-based policy$/)
    expect(policyRefusal(guest, open)).toBeNull()
    expect(policyRefusal(guest, closed)).not.toBeNull()
  })

  it.each([
    ["SendMessage", true],
    ["SendMessageBatch", true],
    ["ReceiveMessage", true],
    ["DeleteMessage", false],
    ["GetQueueAttributes", false],
    ["SetQueueAttributes", false],
    ["RemovePermission", false],
  ] as const)("[X44] %s can be denied to the owner: %s", (action, isDenied) => {
    expect(policyRefusal(requestOf({}, action), withPolicy({ Effect: "Deny" })) !== null).toBe(isDenied)
  })
})

describe("what policies see of a request", () => {
  it("[X41] a key is a user of its account, and without one it is the account itself", () => {
    expect(principalArn(requestOf({ accountId: STRANGER }).identity)).toBe(`arn:aws:iam::${STRANGER}:user/KEY`)
    expect(principalArn(requestOf({ accessKeyId: null }).identity)).toBe(`arn:aws:iam::${OWNER}:root`)
  })

  it.each([
    ["aws:securetransport", "true"],
    ["aws:sourceip", "203.0.113.9"],
    ["aws:useragent", "test"],
    ["aws:referer", undefined],
    ["aws:currenttime", expect.stringMatching(/^\d{4}-.*Z$/)],
    ["aws:epochtime", expect.stringMatching(/^\d{10}$/)],
    ["aws:principalaccount", STRANGER],
    ["aws:principalarn", `arn:aws:iam::${STRANGER}:user/KEY`],
    ["aws:username", "KEY"],
    ["aws:resourceaccount", OWNER],
    ["aws:requestedregion", "eu-west-3"],
    ["aws:viaawsservice", "false"],
    ["aws:principalisawsservice", "false"],
    ["aws:sourcearn", undefined],
  ])("[X43] %s: %s", (key, value) => {
    expect(conditionContext(requestOf({ accountId: STRANGER }))(key)).toEqual(value)
  })

  it("[X43] a plain transport is not secure, but where authentication is off", () => {
    const plain = { ...requestOf({}), origin: "http://localhost:8787" }
    expect(conditionContext(plain)("aws:securetransport")).toBe("false")
    const open = { ...plain, env: { ...plain.env, MILLRACE_AUTH: "off" } }
    expect(conditionContext(open)("aws:securetransport")).toBe("true")
  })
})

function withPolicy(statement: object) {
  const policy = { Statement: { Principal: "*", Action: "sqs:*", Resource: "*", ...statement } }
  return queueEntry("orders", 1, { annotations: { "sqs:Policy": JSON.stringify(policy) } })
}

function requestOf(identity: Partial<SqsRequest["identity"]>, action: ActionName = "SendMessage"): SqsRequest {
  return {
    action,
    env: fakeEnv({}),
    caller: { namespace: "default", access: EVERYTHING, endsAt: null, isRoot: false },
    waitUntil: () => {},
    request: new Request("https://queues.example/", {
      headers: { "cf-connecting-ip": "203.0.113.9", "user-agent": "test" },
    }),
    identity: { accessKeyId: "KEY", accountId: OWNER, ownerAccountId: OWNER, region: "eu-west-3", ...identity },
    origin: "https://queues.example",
  }
}

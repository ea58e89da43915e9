import { describe, expect, it } from "vitest"
import { nameIn, SqsKeyScene } from "../support/sqs-key-scene.ts"
import { expectError } from "../support/sqs-scene.ts"

const scene = new SqsKeyScene()
const STRANGER = "111122223333"
const MESSAGE = { MessageBody: "hello" }

describe("a guest", () => {
  it("[X44] has nothing without a policy, and is told so", async () => {
    const { guest, user } = await newGuest()
    const QueueUrl = await scene.standardQueue()
    const denied = (action: string): string =>
      `User: ${user} is not authorized to perform: sqs:${action} on resource: ` +
      `arn:aws:sqs:us-east-1:000000000000:${nameIn(QueueUrl)} because no resource-based policy allows the sqs:${action} action`
    const refused = { name: "AccessDenied", status: 403 }
    await expectError(guest.sendMessage({ QueueUrl, ...MESSAGE }), { ...refused, message: denied("sendmessage") })
    const Entries = [{ Id: "a", ...MESSAGE }]
    const batch = guest.sendMessageBatch({ QueueUrl, Entries })
    await expectError(batch, { ...refused, message: denied("sendmessage") })
    await expectError(guest.receiveMessage({ QueueUrl }), { ...refused, message: denied("receivemessage") })
    const url = guest.getQueueUrl({ QueueName: nameIn(QueueUrl) })
    await expectError(url, { ...refused, message: denied("getqueueurl") })
    await expectError(guest.purgeQueue({ QueueUrl }), { ...refused, message: denied("purgequeue") })
    // nor is it told of what it asks what the queue would say to that
    const AttributeNames = ["ApproximateNumberOfMessages" as const, "None" as never]
    const attributes = guest.getQueueAttributes({ QueueUrl, AttributeNames })
    await expectError(attributes, { ...refused, message: denied("getqueueattributes") })
  })

  it("[X44] has what the policy allows its account, batches with it", async () => {
    const { guest } = await newGuest()
    const QueueUrl = await scene.standardQueue(policy({ Principal: { AWS: STRANGER }, Action: "sqs:SendMessage" }))
    await guest.sendMessage({ QueueUrl, ...MESSAGE })
    await guest.sendMessageBatch({ QueueUrl, Entries: [{ Id: "a", ...MESSAGE }] })
    await expectError(guest.receiveMessage({ QueueUrl }), { name: "AccessDenied" })
    await expectError(guest.getQueueAttributes({ QueueUrl }), { name: "AccessDenied" })
  })

  it("[X44] can do a consumer's whole work where all of it is allowed", async () => {
    const { guest } = await newGuest()
    const Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:Get*"]
    const QueueUrl = await scene.standardQueue(policy({ Principal: { AWS: `arn:aws:iam::${STRANGER}:root` }, Action }))
    await scene.sqs.sendMessage({ QueueUrl, ...MESSAGE })
    expect((await guest.getQueueUrl({ QueueName: nameIn(QueueUrl) })).QueueUrl).toBe(QueueUrl)
    const ReceiptHandle = (await guest.receiveMessage({ QueueUrl })).Messages![0]!.ReceiptHandle!
    const Entries = [{ Id: "a", ReceiptHandle, VisibilityTimeout: 60 }]
    expect((await guest.changeMessageVisibilityBatch({ QueueUrl, Entries })).Successful).toHaveLength(1)
    await guest.deleteMessage({ QueueUrl, ReceiptHandle })
    const all = await guest.getQueueAttributes({ QueueUrl, AttributeNames: ["All"] })
    expect(all.Attributes).toMatchObject({ ApproximateNumberOfMessages: "0" })
  })

  it("[X41] is allowed by its own ARN, and is not another one of its account", async () => {
    const [one, other] = [await newGuest(), await newGuest()]
    const QueueUrl = await scene.standardQueue(policy({ Principal: { AWS: one.user }, Action: "sqs:*" }))
    await one.guest.sendMessage({ QueueUrl, ...MESSAGE })
    await expectError(other.guest.sendMessage({ QueueUrl, ...MESSAGE }), { name: "AccessDenied" })
  })

  it("[X45] has nothing that is the owner's, whatever the policy says", async () => {
    const { guest } = await newGuest()
    const QueueUrl = await scene.standardQueue(policy({ Principal: "*", Action: "*" }))
    const SourceArn = await scene.arn(QueueUrl)
    const TaskHandle = btoa(JSON.stringify({ taskId: "0", sourceArn: SourceArn }))
    const asked = [
      () => guest.addPermission({ QueueUrl, Label: "a", AWSAccountIds: [STRANGER], Actions: ["*"] }),
      () => guest.removePermission({ QueueUrl, Label: "a" }),
      () => guest.createQueue({ QueueName: "other" }),
      () => guest.deleteQueue({ QueueUrl }),
      () => guest.listQueues({}),
      () => guest.listQueueTags({ QueueUrl }),
      () => guest.setQueueAttributes({ QueueUrl, Attributes: { DelaySeconds: "1" } }),
      () => guest.tagQueue({ QueueUrl, Tags: { a: "b" } }),
      () => guest.untagQueue({ QueueUrl, TagKeys: ["a"] }),
      () => guest.startMessageMoveTask({ SourceArn }),
      () => guest.listMessageMoveTasks({ SourceArn }),
      () => guest.cancelMessageMoveTask({ TaskHandle }),
    ]
    for (const one of asked) await expectError(one(), { name: "AccessDenied", message: /no identity-based policy/ })
    await guest.listDeadLetterSourceQueues({ QueueUrl })
    await guest.purgeQueue({ QueueUrl })
  })

  it("[X45] has no more than its own key's rights besides", async () => {
    const { guest } = await newGuest([{ actions: ["produce"], queues: ["*"] }])
    const QueueUrl = await scene.standardQueue(policy({ Principal: "*", Action: "sqs:*" }))
    await guest.sendMessage({ QueueUrl, ...MESSAGE })
    await expectError(guest.receiveMessage({ QueueUrl }), { message: /no identity-based policy/ })
  })

  it("[X44] is refused in the query protocol too", async () => {
    const QueueUrl = await scene.standardQueue()
    const key = await scene.newKey({ accountId: STRANGER })
    const answer = await scene.query("SendMessage", { QueueUrl, ...MESSAGE }, { key })
    expect(answer.status).toBe(403)
    expect(answer.text("Code")).toBe("AccessDenied")
    expect(answer.text("Message")).toMatch(
      /^User: arn:aws:iam::111122223333:user\/\w{20} is not authorized to perform: /,
    )
  })
})

describe("the owner", () => {
  it("[X44] needs no policy's leave, and loses to one that denies sending and receiving only", async () => {
    const QueueUrl = await scene.standardQueue(policy({ Effect: "Deny", Principal: "*", Action: "sqs:*" }))
    const message = `User: arn:aws:iam::000000000000:user/${scene.key.accessKeyId} is not authorized to perform: sqs:sendmessage on resource: ${await scene.arn(QueueUrl)} with an explicit deny in a resource-based policy`
    const refused = { name: "AccessDenied", status: 403 }
    await expectError(scene.sqs.sendMessage({ QueueUrl, ...MESSAGE }), { ...refused, message })
    const Entries = [{ Id: "a", ...MESSAGE }]
    await expectError(scene.sqs.sendMessageBatch({ QueueUrl, Entries }), { ...refused, message })
    await expectError(scene.sqs.receiveMessage({ QueueUrl }), refused)
    await scene.sqs.purgeQueue({ QueueUrl })
    await scene.sqs.setQueueAttributes({ QueueUrl, Attributes: { Policy: "" } })
    await scene.sqs.sendMessage({ QueueUrl, ...MESSAGE })
  })

  it("[X43] is told apart by conditions on the request", async () => {
    const insecure = { Bool: { "aws:SecureTransport": "false" } }
    const one = await scene.standardQueue(
      policy({ Effect: "Deny", Principal: "*", Action: "sqs:SendMessage", Condition: insecure }),
    )
    await expectError(scene.sqs.sendMessage({ QueueUrl: one, ...MESSAGE }), { message: /explicit deny/ })
    const notMe = { StringNotEquals: { "aws:username": scene.key.accessKeyId } }
    const two = await scene.standardQueue(
      policy({ Effect: "Deny", Principal: "*", Action: "sqs:SendMessage", Condition: notMe }),
    )
    await scene.sqs.sendMessage({ QueueUrl: two, ...MESSAGE })
    const other = scene.sdk({ credentials: await scene.newKey() })
    await expectError(other.sendMessage({ QueueUrl: two, ...MESSAGE }), { message: /explicit deny/ })
  })

  it("[X40] is told of a policy that is none, and keeps the one it had", async () => {
    const QueueUrl = await scene.standardQueue(policy({ Principal: "*", Action: "sqs:SendMessage" }))
    const refused = { name: "InvalidAttributeValue", status: 400, message: "Invalid value for the parameter Policy." }
    for (const text of ["{", '{"Statement":[]}', "null"]) {
      await expectError(scene.sqs.setQueueAttributes({ QueueUrl, Attributes: { Policy: text } }), refused)
      const created = scene.sqs.createQueue({ QueueName: scene.newName(), Attributes: { Policy: text } })
      await expectError(created, refused)
    }
    expect(await policyOf(QueueUrl)).toMatchObject({ Statement: [{ Action: "sqs:SendMessage" }] })
  })
})

describe("permissions", () => {
  const LABEL = "crossaccountpermission"

  it("[X46] [X47] are statements of the policy", async () => {
    const QueueUrl = await scene.standardQueue()
    const arn = await scene.arn(QueueUrl)
    const permission = { QueueUrl, AWSAccountIds: ["000000000000", STRANGER], Actions: ["ReceiveMessage"] }
    await scene.sqs.addPermission({ ...permission, Label: LABEL })
    const statement = {
      Sid: LABEL,
      Effect: "Allow",
      Principal: { AWS: ["arn:aws:iam::000000000000:root", `arn:aws:iam::${STRANGER}:root`] },
      Action: "SQS:ReceiveMessage",
      Resource: arn,
    }
    const begun = { Version: "2008-10-17", Id: `${arn}/SQSDefaultPolicy` }
    expect(await policyOf(QueueUrl)).toEqual({ ...begun, Statement: [statement] })
    await expectError(scene.sqs.addPermission({ ...permission, Label: LABEL, Actions: ["SendMessage"] }), {
      name: "InvalidParameterValue",
      message: `Value ${LABEL} for parameter Label is invalid. Reason: Already exists.`,
    })
    await scene.sqs.addPermission({ ...permission, Label: `${LABEL}2` })
    expect(await policyOf(QueueUrl)).toEqual({ ...begun, Statement: [statement, { ...statement, Sid: `${LABEL}2` }] })
    await scene.sqs.removePermission({ QueueUrl, Label: LABEL })
    expect(await policyOf(QueueUrl)).toEqual({ ...begun, Statement: [{ ...statement, Sid: `${LABEL}2` }] })
    await scene.sqs.removePermission({ QueueUrl, Label: `${LABEL}2` })
    expect(await policyOf(QueueUrl)).toBeNull()
    await expectError(scene.sqs.removePermission({ QueueUrl, Label: `${LABEL}2` }), {
      name: "InvalidParameterValue",
      status: 400,
      message: `Value ${LABEL}2 for parameter Label is invalid. Reason: can't find label.`,
    })
  })

  it("[X46] added at the same time are all there", async () => {
    const QueueUrl = await scene.standardQueue()
    const labels = ["a", "b", "c", "d", "e", "f"]
    const add = (Label: string) =>
      scene.sqs.addPermission({ QueueUrl, Label, AWSAccountIds: [STRANGER], Actions: ["SendMessage"] })
    await Promise.all(labels.map(add))
    const { Statement } = (await policyOf(QueueUrl)) as { Statement: { Sid: string }[] }
    expect(Statement.map(({ Sid }) => Sid).toSorted()).toEqual(labels)
  })

  it("[X46] is refused where there is no such queue, or no permission that one can have", async () => {
    const permission = { Label: "a", AWSAccountIds: [STRANGER], Actions: ["SendMessage"] }
    const missing = scene.sqs.addPermission({ QueueUrl: `${scene.broker.url}/000000000000/nowhere`, ...permission })
    await expectError(missing, { name: "QueueDoesNotExist" })
    const QueueUrl = await scene.standardQueue()
    const owners = scene.sqs.addPermission({ QueueUrl, ...permission, Actions: ["TagQueue"] })
    await expectError(owners, { message: /Only the queue owner is allowed to invoke this action/ })
    const none = scene.sqs.addPermission({ QueueUrl, ...permission, Actions: [] })
    await expectError(none, { name: "MissingParameter", message: "The request must contain the parameter ActionName." })
  })
})

/** The attribute `Policy` with one statement that is about every queue. */
function policy(statement: object): Readonly<Record<string, string>> {
  const Statement = [{ Effect: "Allow", Resource: "*", ...statement }]
  return { Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }
}

async function policyOf(QueueUrl: string): Promise<unknown> {
  const { Attributes } = await scene.sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["Policy"] })
  const text = Attributes?.["Policy"]
  return text === undefined ? null : (JSON.parse(text) as unknown)
}

/** A client of another account, and what policies call it. */
async function newGuest(rights: readonly object[] | null = null) {
  const key = await scene.newKey({ accountId: STRANGER, rights })
  return { guest: scene.sdk({ credentials: key }), user: `arn:aws:iam::${STRANGER}:user/${key.accessKeyId}` }
}

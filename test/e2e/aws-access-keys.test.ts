import {
  CreateQueueCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { ACCESS_KEY_ID } from "../../src/core/limits.ts"
import { type MadeAccessKey, newAccessKey } from "../support/access-keys.ts"
import { presign, sign, type Signed, type SigningKey } from "../support/aws-signer.ts"
import { HttpScene, problem } from "../support/http.ts"

const scene = new HttpScene()
const clients: SQSClient[] = []
afterAll(() => {
  for (const client of clients) client.destroy()
})

function clientOf({ accessKeyId, secretAccessKey }: SigningKey, options: { systemClockOffset?: number } = {}) {
  const client = new SQSClient({
    endpoint: scene.broker.url,
    region: "eu-west-1",
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    ...options,
  })
  clients.push(client)
  return client
}

async function list(key: SigningKey): Promise<string[]> {
  const { QueueUrls = [] } = await clientOf(key).send(new ListQueuesCommand({}))
  return QueueUrls.map((url) => url.slice(url.lastIndexOf("/") + 1))
}

/** Whether the query protocol lets the sender in. */
async function send({ url, ...init }: Signed): Promise<{ status: number; text: string }> {
  const response = await fetch(url, init)
  return { status: response.status, text: await response.text() }
}

describe("an access key", () => {
  it("[A14] lets an unmodified client in, with JSON and with bodies of any length", async () => {
    const client = clientOf(await newAccessKey(scene))
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: scene.newName() }))
    for (const MessageBody of ["é☃", "x".repeat(300_000)]) {
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody }))
      const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl }))
      expect(Messages).toMatchObject([{ Body: MessageBody }])
    }
  })

  it("[A14] lets the query protocol in, signed in a header and in a URL", async () => {
    const key = await newAccessKey(scene)
    const name = scene.newName()
    const form = { "content-type": "application/x-www-form-urlencoded" }
    const body = `Action=CreateQueue&QueueName=${name}&Tag.1.Key=a+b&Tag.1.Value=%C3%A9`
    const url = `${scene.broker.url}/`
    expect(await send(sign(key, { url, headers: form, body }))).toMatchObject({ status: 200 })
    const queue = `${scene.broker.url}/000000000000/${name}`
    const asked = { url: `${queue}?Action=SendMessage&MessageBody=a%20b%2Bc~*` }
    expect(await send(presign(key, asked))).toMatchObject({ status: 200 })
    const received = await send(presign(key, { url: `${queue}?Action=ReceiveMessage` }))
    expect(received.text).toContain("<Body>a b+c~*</Body>")
  })

  it("[A20] is of one namespace, which no URL changes", async () => {
    const [one, other] = await Promise.all(
      ["acme", "initech"].map((namespace) => newAccessKey(scene, { namespace: `${namespace}-${scene.newName()}` })),
    )
    const QueueName = scene.newName()
    const { QueueUrl } = await clientOf(one!).send(new CreateQueueCommand({ QueueName }))
    expect(QueueUrl).toBe(`${scene.broker.url}/${one!.accountId}/${QueueName}`)
    expect(await list(one!)).toEqual([QueueName])
    expect(await list(other!)).toEqual([])
    const stolen = clientOf(other!).send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }))
    await expect(stolen).rejects.toMatchObject({ name: "QueueDoesNotExist" })
  })

  it("[A16] [A21] is not let in with another secret or id, nor is a token", async () => {
    const key = await newAccessKey(scene)
    await expect(list({ ...key, secretAccessKey: "x".repeat(40) })).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      $metadata: { httpStatusCode: 403 },
    })
    await expect(list({ ...key, accessKeyId: "AKIAIOSFODNN7EXAMPLE" })).rejects.toMatchObject({
      name: "InvalidClientTokenId",
      $metadata: { httpStatusCode: 403 },
    })
    const headers = { authorization: `Bearer ${scene.broker.token}` }
    const answer = await send({ method: "GET", url: `${scene.broker.url}/?Action=ListQueues`, headers })
    expect(answer).toMatchObject({ status: 400 })
    expect(answer.text).toContain("<Code>IncompleteSignature</Code>")
    // and the other way round
    expect(await scene.request("GET", "/v1/queues", { token: key.secretAccessKey })).toMatchObject(
      problem(401, "unauthorized"),
    )
  })

  it("[A18] a client whose clock is wrong finds out, and is let in with the right time", async () => {
    const key = await newAccessKey(scene)
    const url = `${scene.broker.url}/?Action=ListQueues`
    const late = await fetch(url, { headers: sign(key, { method: "GET", url, at: Date.now() - 3_600_000 }).headers })
    expect(late.status).toBe(403)
    expect(await late.text()).toContain("<Code>RequestTimeTooSkewed</Code>")
    expect(Math.abs(Date.parse(late.headers.get("date")!) - Date.now())).toBeLessThan(60_000)
    const client = clientOf(key, { systemClockOffset: -3_600_000 })
    await expect(client.send(new ListQueuesCommand({}))).rejects.toMatchObject({ name: "RequestTimeTooSkewed" })
    await client.send(new ListQueuesCommand({}))
  })

  it("[A23] is let in no more once it was taken back, and ended ones are not", async () => {
    const [kept, gone, ended] = await Promise.all([
      newAccessKey(scene),
      newAccessKey(scene),
      newAccessKey(scene, { expiresInMs: 1 }),
    ])
    await Promise.all([list(kept), list(gone)])
    expect((await scene.request("DELETE", `/v1/tokens/${gone.accessKeyId}`)).status).toBe(204)
    const invalid = { name: "InvalidClientTokenId" }
    await expect(list(gone)).rejects.toMatchObject(invalid)
    await expect(list(ended)).rejects.toMatchObject(invalid)
    await list(kept)
    expect(await scene.request("DELETE", `/v1/tokens/${gone.accessKeyId}`)).toMatchObject(problem(404, "not_found"))
  })

  it("[A22] is good after the broker was killed, and nowhere on its disk", async () => {
    const key: MadeAccessKey = await newAccessKey(scene, { expiresInMs: null, subject: "whose key this is" })
    expect(key.accessKeyId).toMatch(ACCESS_KEY_ID)
    await list(key)
    await scene.broker.kill9()
    const files = readdirSync(scene.broker.dataDir, { recursive: true, withFileTypes: true }).filter((at) =>
      at.isFile(),
    )
    const texts = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"))
    expect(texts.some((text) => text.includes("whose key this is"))).toBe(true)
    expect(texts.some((text) => text.includes(key.secretAccessKey))).toBe(false)
    await scene.broker.restart()
    await list(key)
  })
})

describe("without authentication", () => {
  const open = new HttpScene({ env: { MILLRACE_AUTH: "off" } })

  it("[A14] any key or none is the owner's of the namespace default", async () => {
    const name = open.newName()
    const asked = (signed: Partial<Signed>) =>
      send({
        method: "GET",
        url: `${open.broker.url}/?Action=ListQueues&QueueNamePrefix=${name}`,
        headers: {},
        ...signed,
      })
    const client = new SQSClient({
      endpoint: open.broker.url,
      region: "eu-west-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    })
    clients.push(client)
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name }))
    expect(QueueUrl).toBe(`${open.broker.url}/000000000000/${name}`)
    expect((await asked({})).text).toContain(`<QueueUrl>${QueueUrl}</QueueUrl>`)
    expect((await asked({ headers: { authorization: "whatever" } })).status).toBe(200)
  })
})

import { connect } from "node:net"
import { describe, expect, it } from "vitest"
import { LONG_POLL_HEARTBEAT_MS, MAX_AWS_BODY_BYTES } from "../../src/core/limits.ts"
import { problem } from "../support/http.ts"
import { queryAnswer, SqsScene } from "../support/sqs-scene.ts"
import { findXml, parseXml } from "../support/xml.ts"

const scene = new SqsScene()
const FORM = "application/x-www-form-urlencoded"
const TARGET = { "x-amz-target": "AmazonSQS.ListQueues" }
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function send(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Response> {
  return fetch(`${scene.broker.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
}

/** A queue of its own; its URL and the path of that. */
async function newQueue(): Promise<{ readonly QueueUrl: string; readonly path: string }> {
  const made = await scene.json("CreateQueue", { QueueName: scene.newName() })
  const { QueueUrl } = made.body as { readonly QueueUrl: string }
  return { QueueUrl, path: new URL(QueueUrl).pathname }
}

describe("where the door is", () => {
  it.each([
    ["JSON at /", "POST", "/", TARGET, "{}", "application/x-amz-json-1.0"],
    ["JSON at a queue's URL", "POST", "/000000000000/q", TARGET, "{}", "application/x-amz-json-1.0"],
    ["JSON of any type", "POST", "/", { ...TARGET, "content-type": FORM }, "{}", "application/x-amz-json-1.0"],
    ["JSON without a body", "POST", "/", TARGET, undefined, "application/x-amz-json-1.0"],
    ["a query", "GET", "/?Action=ListQueues&Version=2012-11-05", {}, undefined, "text/xml"],
    ["a query that is posted", "POST", "/?Version=x&Action=ListQueues", {}, undefined, "text/xml"],
    ["a form", "POST", "/", { "content-type": FORM }, "Action=ListQueues", "text/xml"],
    [
      "a form with its charset",
      "POST",
      "/",
      { "content-type": `${FORM.toUpperCase()};charset=utf-8` },
      "Action=ListQueues",
      "text/xml",
    ],
  ])("[X1] %s", async (_, method, path, headers, body, type) => {
    const answer = await send(method, path, headers, body)
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type])
    expect(answer.headers.get("x-amzn-requestid")).toMatch(UUID)
  })

  it.each([
    ["GET", "/", {}],
    ["GET", "/?action=ListQueues", {}],
    ["GET", "/?NoAction=ListQueues", TARGET],
    ["POST", "/", {}],
    ["POST", "/", { "content-type": "application/json" }],
    ["POST", "/", { "x-amz-target": "DynamoDB_20120810.ListTables" }],
    ["PUT", "/?Action=ListQueues", TARGET],
    ["DELETE", "/000000000000/q?Action=ListQueues", TARGET],
    ["OPTIONS", "/?Action=ListQueues", {}],
    ["GET", "/00000000000/q?Action=ListQueues", {}],
    ["GET", "/0000000000000/q?Action=ListQueues", {}],
    ["GET", "/000000000000/?Action=ListQueues", {}],
    ["GET", "/000000000000/q/?Action=ListQueues", {}],
  ])("[X1] %s %s with %j is not for it", async (method, path, headers) => {
    const answer = await send(method, path, headers, method === "POST" ? "{}" : undefined)
    expect({ status: answer.status, body: await answer.json() }).toMatchObject(problem(404, "route_not_found"))
  })

  it("[X1] HEAD changes nothing and says nothing", async () => {
    const { QueueUrl, path } = await newQueue()
    for (const url of [`${path}?Action=DeleteQueue`, `/?Action=DeleteQueue&QueueUrl=${QueueUrl}`]) {
      const answer = await send("HEAD", url)
      expect([answer.status, await answer.text()]).toEqual([404, ""])
    }
    expect(await scene.json("GetQueueAttributes", { QueueUrl })).toMatchObject({ status: 200 })
  })
})

describe("requests", () => {
  it("[X3] parameters of the query and of the body are of one request", async () => {
    const { QueueUrl } = await newQueue()
    const path = `/?Action=SendMessage&MessageBody=query&QueueUrl=${encodeURIComponent(QueueUrl)}`
    const sent = await send("POST", path, { "content-type": FORM }, "MessageBody=the+body")
    expect(sent.status).toBe(200)
    expect((await scene.query("ReceiveMessage", { QueueUrl })).text("Body")).toBe("the body")
  })

  it("[X3] parameters that sign a request are none of the action's", async () => {
    const signing = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb&X-Amz-Signature=0&X-Amz-Expires=60"
    const answer = await send("GET", `/?Action=ListQueues&${signing}`)
    expect(answer.status).toBe(200)
  })

  it("[X4] a queue's URL stands for its QueueUrl", async () => {
    const { path } = await newQueue()
    const other = await newQueue()
    expect((await send("GET", `${path}?Action=SendMessage&MessageBody=hello`)).status).toBe(200)
    const elsewhere = await queryAnswer(
      await send("GET", `${path}?Action=ReceiveMessage&QueueUrl=${encodeURIComponent(other.QueueUrl)}`),
    )
    expect([elsewhere.status, elsewhere.text("Body")]).toEqual([200, undefined])
    expect((await scene.query("ReceiveMessage", {}, path)).text("Body")).toBe("hello")
    expect((await scene.json("ReceiveMessage", {})).body).toMatchObject({
      message: "The request must contain the parameter QueueUrl.",
    })
  })

  it.each(["CreateQueue", "ListQueues"])("[X4] %s is not asked of a queue", async (action) => {
    const { path } = await newQueue()
    const answer = await scene.query(action, { QueueName: "other" }, path)
    expect([answer.status, answer.text("Code"), answer.text("Message")]).toEqual([
      400,
      "InvalidAction",
      `The action ${action} is not valid for this endpoint.`,
    ])
    expect((await scene.query("GetQueueUrl", { QueueName: path.slice(14) }, path)).text("QueueUrl")).toContain(path)
  })

  it("[X12] a body that is too large is refused, with and without a length", async () => {
    const body = `{"QueueNamePrefix":"${"x".repeat(MAX_AWS_BODY_BYTES)}"}`
    const stream = () => new Blob([body]).stream()
    for (const init of [{ body }, { body: stream(), duplex: "half" as const }]) {
      const answer = await fetch(scene.broker.url, { method: "POST", headers: TARGET, ...init })
      expect([answer.status, answer.headers.get("x-amzn-query-error")]).toEqual([413, "RequestEntityTooLarge;Sender"])
    }
    const fits = `{"Unknown":"${"x".repeat(MAX_AWS_BODY_BYTES - 14)}"}`
    expect((await send("POST", "/", TARGET, fits)).status).toBe(200)
  })

  it("[X1] a client may wait to be told to go on", async () => {
    const { hostname, port } = new URL(scene.broker.url)
    const socket = connect(Number(port), hostname)
    let received = ""
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject).on("close", resolve)
      socket.setEncoding("utf8").on("data", (text: string) => {
        received += text
        if (/^HTTP\/1\.1 100 Continue\r\n\r\n$/.test(received)) socket.write("{}")
      })
      const headers = ["Host: sqs", "Connection: close", "Expect: 100-continue", "Content-Length: 2"]
      socket.write(`POST / HTTP/1.1\r\n${headers.join("\r\n")}\r\nX-Amz-Target: AmazonSQS.ListQueues\r\n\r\n`)
    })
    expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  })
})

describe("answers", () => {
  it("[X5] JSON has an object, or nothing", async () => {
    const { QueueUrl } = await newQueue()
    expect(await scene.json("ReceiveMessage", { QueueUrl })).toMatchObject({ status: 200, body: {} })
    const tagged = await scene.json("TagQueue", { QueueUrl, Tags: { a: "b" } })
    expect([tagged.status, tagged.body, tagged.headers.get("content-type")]).toEqual([
      200,
      null,
      "application/x-amz-json-1.0",
    ])
  })

  it("[X6] XML has the request's id, also where there is nothing to say", async () => {
    const { QueueUrl } = await newQueue()
    const tagged = await scene.query("TagQueue", { QueueUrl, "Tag.1.Key": "a", "Tag.1.Value": "b" })
    const document = parseXml(tagged.xml)
    expect(document.children.map(({ name }) => name)).toEqual(["ResponseMetadata"])
    expect(findXml(document, "RequestId")?.text).toBe(tagged.headers.get("x-amzn-requestid"))
  })

  it("[X7] [X13] a body is the same in both protocols", async () => {
    const { QueueUrl } = await newQueue()
    const MessageBody = '<a href="x">&amp;\'</a>\r\n\t\u0085\u2028é€😀 ]]> 100% a+b=c'
    await scene.json("SendMessage", { QueueUrl, MessageBody })
    const xml = await scene.query("ReceiveMessage", { QueueUrl, VisibilityTimeout: "0" })
    expect(findXml(parseXml(xml.xml), "Body")?.text).toBe(MessageBody)
    await scene.query("SendMessage", { QueueUrl, MessageBody })
    const both = await scene.json("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 })
    const { Messages } = both.body as { readonly Messages: readonly { readonly Body: string }[] }
    expect(Messages.map(({ Body }) => Body)).toEqual([MessageBody, MessageBody])
  })

  it("[X8] [X9] [X11] an error is the same in both protocols, and says what time it is", async () => {
    const QueueUrl = scene.queueUrl("nowhere")
    const startedAt = Date.now()
    const json = await scene.json("DeleteMessage", { QueueUrl, ReceiptHandle: "x" })
    expect([json.status, json.headers.get("x-amzn-query-error")]).toEqual([
      400,
      "AWS.SimpleQueueService.NonExistentQueue;Sender",
    ])
    expect(json.body).toEqual({
      __type: "com.amazonaws.sqs#QueueDoesNotExist",
      message: "The specified queue does not exist.",
    })
    const xml = await scene.query("DeleteMessage", { QueueUrl, ReceiptHandle: "x" })
    expect([xml.status, xml.text("Type"), xml.text("Code"), xml.text("Message")]).toEqual([
      400,
      "Sender",
      "AWS.SimpleQueueService.NonExistentQueue",
      "The specified queue does not exist for this wsdl version.",
    ])
    expect(xml.text("RequestId")).toBe(xml.headers.get("x-amzn-requestid"))
    for (const { headers } of [json, xml]) {
      expect(headers.get("x-amzn-requestid")).toMatch(UUID)
      const saidAt = Date.parse(headers.get("date")!)
      expect(saidAt).toBeGreaterThan(startedAt - 1000)
      expect(saidAt).toBeLessThanOrEqual(Date.now())
    }
  })

  it.each(["FooBar", "", "toString", "__proto__", "sendMessage", "ListQueues2"])(
    "[X10] there is no action %j",
    async (action) => {
      const message = `The action ${action} is not valid for this endpoint.`
      const json = await scene.json(action, {})
      expect([json.status, json.headers.get("x-amzn-query-error")]).toEqual([400, "InvalidAction;Sender"])
      expect(json.body).toEqual({ __type: "com.amazon.coral.service#UnknownOperationException", message })
      const xml = await scene.query(action)
      expect([xml.status, xml.text("Code"), xml.text("Message")]).toEqual([400, "InvalidAction", message])
    },
  )

  it("[X10] a query without an action is an unknown operation", async () => {
    const requests = [
      send("GET", "/000000000000/q"),
      send("GET", "/000000000000/q?QueueName=x"),
      send("POST", "/000000000000/q", { "content-type": "text/plain" }, "Action=ListQueues"),
      send("POST", "/", { "content-type": FORM }, "QueueName=x"),
    ]
    for (const answer of await Promise.all(requests)) {
      expect([answer.status, (await answer.text()).trim()]).toEqual([404, "<UnknownOperationException/>"])
    }
  })
})

describe("long polls", () => {
  it.each([
    ["JSON", TARGET, '{"WaitTimeSeconds":20,"QueueUrl":"$"}', /^ *\{"Messages":\[\{/],
    [
      "XML",
      { "content-type": FORM },
      "Action=ReceiveMessage&WaitTimeSeconds=20&QueueUrl=$",
      /^<\?xml version="1.0"\?> *<Rec/,
    ],
  ])("[X16] %s is answered at once and ends with the message", async (_, headers, body, document) => {
    const { QueueUrl } = await newQueue()
    const asked = { ...headers, ...("x-amz-target" in headers ? { "x-amz-target": "AmazonSQS.ReceiveMessage" } : {}) }
    const answer = await send("POST", "/", asked, body.replace("$", QueueUrl))
    expect(answer.status).toBe(200)
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ""
    // its blanks come once a second, so the message is sent while it waits
    while (!text.endsWith(" ")) text += (await reader.read()).value ?? ""
    await scene.json("SendMessage", { QueueUrl, MessageBody: "came late" })
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
    expect(text).toMatch(document)
    expect(text).toContain("came late")
  })

  it("[X16] one that ends without a message says so", async () => {
    const { QueueUrl } = await newQueue()
    const WaitTimeSeconds = Math.ceil((LONG_POLL_HEARTBEAT_MS + 1) / 1000)
    expect(await scene.json("ReceiveMessage", { QueueUrl, WaitTimeSeconds })).toMatchObject({ status: 200, body: {} })
    const xml = await scene.query("ReceiveMessage", { QueueUrl, WaitTimeSeconds: String(WaitTimeSeconds) })
    expect(findXml(parseXml(xml.xml), "ReceiveMessageResult")).toMatchObject({ children: [], text: "" })
  })
})

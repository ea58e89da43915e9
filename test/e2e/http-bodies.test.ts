import { describe, expect, it } from "vitest"
import { MAX_BODY_BYTES } from "../../src/core/limits.ts"
import { HttpScene, problem } from "../support/http.ts"

const scene = new HttpScene()
const encoder = new TextEncoder()

/** Every operation that takes a body, with one that it takes. */
const TAKE_BODIES: readonly (readonly [method: string, path: string, json: string, optional: boolean])[] = [
  ["PUT", "/v1/queues/q", "{}", true],
  ["PUT", "/v1/topics/t", "{}", true],
  ["POST", "/v1/queues/q/receive", '{"maxMessages":1}', true],
  ["POST", "/v1/queues/q/ack", '{"receipts":["a"]}', false],
  ["POST", "/v1/queues/q/nack", '{"receipts":["a"]}', false],
  ["POST", "/v1/queues/q/extend", '{"receipts":["a"],"visibilityTimeoutMs":1}', false],
  ["POST", "/v1/queues/q/messages", '{"body":1}', false],
  ["POST", "/v1/topics/t/records", '{"body":1}', false],
]

describe.each(TAKE_BODIES)("%s %s", (method, path, json, optional) => {
  const withBody = (body: string | Uint8Array<ArrayBuffer>, type: string | null) =>
    scene.request(method, path, { body, headers: type === null ? {} : { "content-type": type } })
  const isSend = path.endsWith("/messages")

  it("[H7] takes JSON by any of its names, and without one", async () => {
    const types = ["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"]
    for (const type of isSend ? types.slice(0, 2) : types) {
      expect([200, 201], type).toContain((await withBody(json, type)).status)
    }
    // fetch names no type for bytes
    expect([200, 201]).toContain((await withBody(encoder.encode(json), null)).status)
  })

  it("[H7] takes no other type", async () => {
    const types = [
      "application/x-www-form-urlencoded",
      ...(isSend ? [] : ["text/plain", "application/jsonp", "garbage"]),
    ]
    for (const type of types) {
      const answer = await withBody(json, type)
      expect(answer, type).toMatchObject(problem(415, "unsupported_media_type"))
      expect((answer.body as { accepted: string[] }).accepted[0]).toBe("application/json")
    }
  })

  it("[H8] refuses what is no JSON in UTF-8", async () => {
    const broken = ["{", json.slice(0, -1), `${json}}`, `{'a':1}`, `\uFEFF${json}`, "NaN", "{\u0000}", '{"a":"\n"}']
    const bytes = [Uint8Array.of(0x7b, 0xff, 0x7d), Uint8Array.from(encoder.encode('{"é":1}').slice(0, 3))]
    const short = Uint8Array.of(0x22, 0xc3, 0x22)
    for (const body of [...broken, ...bytes, short]) {
      expect(await withBody(body, "application/json"), String(body)).toMatchObject(problem(400, "invalid_json"))
    }
  })

  it("[H8] an empty body is no JSON unless the body may be left out", async () => {
    const answer = await withBody("", "application/json")
    if (optional) expect([200, 201]).toContain(answer.status)
    else expect(answer).toMatchObject(problem(400, "invalid_json"))
  })

  it("[H9] refuses JSON that is no object", async () => {
    for (const body of ["[]", "null", "1", '"{}"', "true", "[{}]"]) {
      const expected = problem(422, "invalid_field", { pointer: "" })
      expect(await withBody(body, "application/json"), body).toMatchObject(expected)
    }
  })

  it("[H9] refuses a field that it does not know, and names it", async () => {
    const names = [
      ["surprise", "/surprise"],
      ["a/b~c", "/a~1b~0c"],
      ["", "/"],
      ["__proto__", "/__proto__"],
      ["constructor", "/constructor"],
      ["Body", "/Body"],
    ] as const
    for (const [name, pointer] of names) {
      const extended = `${json.slice(0, -1)}${json === "{}" ? "" : ","}${JSON.stringify(name)}:1}`
      const expected = problem(422, "invalid_field", { pointer })
      expect(await withBody(extended, "application/json"), extended).toMatchObject(expected)
    }
  })

  it("[H10] refuses a body that is too large, with and without a length", async () => {
    const large = new Uint8Array(MAX_BODY_BYTES + 1).fill(32)
    const limit = problem(413, "payload_too_large", { limitBytes: MAX_BODY_BYTES })
    expect(await withBody(large, "application/json")).toMatchObject(limit)
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < large.length; at += 65_536) controller.enqueue(large.subarray(at, at + 65_536))
        controller.close()
      },
    })
    const response = await fetch(`${scene.broker.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${scene.broker.token}`, "content-type": "application/json" },
      body: stream,
      duplex: "half",
    } as RequestInit)
    expect({ status: response.status, body: await response.json() }).toMatchObject(limit)
    expect([200, 201]).toContain((await withBody(json, "application/json")).status)
  })
})

it("[H10] whoever writes a refused body to its end sees the answer", async () => {
  const refusals = [
    ["/v1/queues/q/messages", scene.broker.token, 413],
    ["/v1/queues/q/messages", "no token of ours", 401],
    ["/v1/nothing", scene.broker.token, 404],
    ["/v1/queues/q!/ack", scene.broker.token, 400],
  ] as const
  const body = new Uint8Array(4 * MAX_BODY_BYTES).fill(32)
  for (const [path, token, status] of refusals) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const answers = Array.from({ length: 4 }, () =>
      fetch(`${scene.broker.url}${path}`, { method: "POST", headers, body }),
    )
    for (const answer of await Promise.all(answers)) {
      expect(answer.status, path).toBe(status)
      await answer.body?.cancel()
    }
  }
})

it("[H10] spaces round the JSON count, and are taken up to the limit", async () => {
  const json = '{"receipts":["a"]}'
  const body = json + " ".repeat(MAX_BODY_BYTES - json.length)
  const headers = { "content-type": "application/json" }
  expect((await scene.request("POST", "/v1/queues/q/ack", { body, headers })).status).toBe(200)
})

it("[H8] nesting as deep as a body may be is only JSON", async () => {
  const queue = await scene.queue()
  const depth = 200_000
  const nested = "[".repeat(depth) + "]".repeat(depth)
  const headers = { "content-type": "application/json" }
  const sent = await scene.request("POST", `${queue}/messages`, { body: `{"body":${nested}}`, headers })
  expect(sent.status).toBe(200)
  const refused = await scene.request("POST", `${queue}/receive`, { body: `{"maxMessages":${nested}}`, headers })
  expect(refused).toMatchObject(problem(422, "invalid_field", { pointer: "/maxMessages" }))
  const response = await fetch(`${scene.broker.url}${queue}/receive`, {
    method: "POST",
    headers: { authorization: `Bearer ${scene.broker.token}` },
  })
  expect(await response.text()).toContain(`"body":${nested}`)
})

import { describe, expect, it } from "vitest"
import { MAX_BATCH_ENTRIES, MAX_MESSAGE_BYTES } from "../../src/core/limits.ts"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()
const encoder = new TextEncoder()
const everyByte = Uint8Array.from(upTo(256))

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
}

describe("one message", () => {
  it.each([
    ["", "empty"],
    ["text", "plain"],
    ['ä 漢字 🚀 \u0000 \uFEFF \u2028 \\ " \r\n', "of every kind"],
    ["x".repeat(100_000), "long"],
    [null, "null"],
    [0, "a number"],
    [false, "false"],
    [[], "an empty array"],
    [[1, [2, { a: null }], "x"], "nested"],
    [{}, "an empty object"],
    [{ body: { messages: [{ body: 1 }] } }, "an object with the broker's own names"],
  ] as readonly (readonly [unknown, string])[])(
    "[H15] a body that is %j (%s) comes back as it went in",
    async (body) => {
      const queue = await scene.queue()
      const sent = await scene.post(`${queue}/messages`, { body })
      expect(sent.status).toBe(200)
      const [{ id }] = (sent.body as { messages: [{ id: string }] }).messages
      const message = await scene.receiveOne(queue)
      expect(message).toMatchObject({ id, body, deliveryCount: 1 })
      expect(Object.keys(message).sort()).toEqual(["body", "deliveryCount", "id", "receipt", "sentAt"])
    },
  )

  it("[H15] JSON is kept as it was written", async () => {
    const queue = await scene.queue()
    const written = '{ "n": 1.0, "big": 12345678901234567890.00001e0, "twice": 1, "twice": 2, "\\u0061": "\\u00e4" }'
    const headers = { "content-type": "application/json" }
    const sent = await scene.request("POST", `${queue}/messages`, { body: `{"body" : ${written} }`, headers })
    expect(sent.status).toBe(200)
    const response = await fetch(`${scene.broker.url}${queue}/receive`, {
      method: "POST",
      headers: { authorization: `Bearer ${scene.broker.token}` },
    })
    expect(await response.text()).toContain(`"body":${written}`)
  })

  it("[H15] bytes travel as base64, with padding or without", async () => {
    const queue = await scene.queue()
    for (const bytes of [everyByte, Uint8Array.of(), Uint8Array.of(255), Uint8Array.of(1, 2)]) {
      for (const bodyBase64 of new Set([base64(bytes), base64(bytes).replaceAll("=", "")])) {
        expect((await scene.post(`${queue}/messages`, { bodyBase64 })).status).toBe(200)
        expect((await scene.receiveOne(queue)).bodyBase64).toBe(base64(bytes))
      }
    }
  })

  it("[H15] headers come back, in any script and with any name", async () => {
    const queue = await scene.queue()
    const headers = {
      a: "",
      ä: "漢",
      __proto__x: "y",
      "Content-Type": "a/b",
      "": undefined,
      " ": " ",
      constructor: "c",
    }
    expect((await scene.post(`${queue}/messages`, { body: 1, headers })).status).toBe(200)
    const { "": _, ...expected } = headers
    expect((await scene.receiveOne(queue)).headers).toEqual(expected)
    const largest = Object.fromEntries(upTo(100).map((n) => [`${n}`.padEnd(256, "x"), "v".repeat(8192)]))
    expect((await scene.post(`${queue}/messages`, { body: 1, headers: largest })).status).toBe(200)
    expect((await scene.receiveOne(queue)).headers).toEqual(largest)
  })

  it.each([
    [{}, "/body"],
    [{ body: 1, bodyBase64: "" }, "/bodyBase64"],
    [{ bodyBase64: "*" }, "/bodyBase64"],
    [{ bodyBase64: "AB=" }, "/bodyBase64"],
    [{ bodyBase64: "-_-_" }, "/bodyBase64"],
    [{ bodyBase64: null }, "/bodyBase64"],
    [{ body: 1, headers: [] }, "/headers"],
    [{ body: 1, headers: { a: 1 } }, "/headers/a"],
    [{ body: 1, headers: { "a/b": null } }, "/headers/a~1b"],
    [{ body: 1, headers: { "": "" } }, "/headers/"],
    [{ body: 1, headers: { ["x".repeat(257)]: "" } }, `/headers/${"x".repeat(257)}`],
    [{ body: 1, headers: { a: "x".repeat(8193) } }, "/headers/a"],
    [{ body: 1, headers: Object.fromEntries(upTo(101).map((n) => [`h${n}`, ""])) }, "/headers"],
    [{ body: 1, delay: 1 }, "/delay"],
    [{ body: 1, groupId: "g" }, "/groupId"],
    [{ messages: [{ body: 1 }], headers: {} }, "/headers"],
    [{ messages: [] }, "/messages"],
    [{ messages: null }, "/messages"],
    [{ messages: { body: 1 } }, "/messages"],
    [{ messages: [{ body: 1 }, 5] }, "/messages/1"],
    [{ messages: [{ body: 1 }, { body: 2, x: 1 }] }, "/messages/1/x"],
    [{ messages: [{ body: 1 }, { body: 2, headers: { a: 1 } }] }, "/messages/1/headers/a"],
    [{ messages: [{ body: 1 }, { body: 2, groupId: "g" }] }, "/messages/1/groupId"],
  ])("[H9] [H16] %j is refused at %s, and nothing is stored", async (json, pointer) => {
    const queue = await scene.queue()
    expect(await scene.post(`${queue}/messages`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
    expect(await scene.statistics(queue)).toMatchObject({ sent: 0, ready: 0, bytes: 0 })
    expect((await scene.post(`${queue}/messages`, { body: "next" })).status).toBe(200)
  })

  it("[H9] half of a surrogate pair is no text", async () => {
    const queue = await scene.queue()
    const headers = { "content-type": "application/json" }
    for (const body of [
      '{"body":"\\ud800"}',
      '{"body":1,"headers":{"a":"\\udc00"}}',
      '{"body":1,"headers":{"\\udc00":""}}',
    ]) {
      expect(await scene.request("POST", `${queue}/messages`, { body, headers })).toMatchObject(
        problem(422, "invalid_field"),
      )
    }
  })

  it("[H17] an idempotency key is refused where it would be ignored", async () => {
    const [queue, topic] = [await scene.queue({ dedupWindowMs: 0 }), await scene.topic()]
    for (const path of [`${queue}/messages`, `${topic}/records`]) {
      const answer = await scene.request("POST", path, { json: { body: 1 }, headers: { "idempotency-key": "k" } })
      expect(answer).toMatchObject(problem(422, "invalid_field", { pointer: "/idempotency-key" }))
    }
  })
})

describe("a batch", () => {
  it("[H16] is answered with an id each, and keeps its order", async () => {
    const queue = await scene.queue()
    const ids = await scene.send(queue, ...upTo(MAX_BATCH_ENTRIES))
    expect(new Set(ids).size).toBe(MAX_BATCH_ENTRIES)
    const messages = await scene.receive(queue, { maxMessages: MAX_BATCH_ENTRIES })
    expect(messages.map(({ id, body }) => [id, body])).toEqual(ids.map((id, n) => [id, n]))
    expect(await scene.send(queue, "one")).toHaveLength(1)
  })

  it("[H16] of too many is refused as a whole", async () => {
    const queue = await scene.queue()
    const messages = upTo(MAX_BATCH_ENTRIES + 1).map((body) => ({ body }))
    const expected = problem(422, "invalid_field", { pointer: "/messages" })
    expect(await scene.post(`${queue}/messages`, { messages })).toMatchObject(expected)
    expect(await scene.statistics(queue)).toMatchObject({ sent: 0 })
  })

  it("[H16] of every kind comes back as it went in", async () => {
    const queue = await scene.queue()
    const messages = [{ body: "t", headers: { a: "1" } }, { bodyBase64: "AP8=" }, { body: [1] }, { body: "" }]
    expect((await scene.post(`${queue}/messages`, { messages })).status).toBe(200)
    expect(await scene.receive(queue, { maxMessages: 10 })).toMatchObject(messages)
  })
})

describe("size", () => {
  it("[H18] value, key and headers of a message are 1 MiB together at most", async () => {
    const queue = await scene.queue()
    const largest = "x".repeat(MAX_MESSAGE_BYTES)
    const tooLarge = problem(413, "payload_too_large", { limitBytes: MAX_MESSAGE_BYTES })
    expect((await scene.post(`${queue}/messages`, { body: largest })).status).toBe(200)
    expect(await scene.post(`${queue}/messages`, { body: `${largest}x` })).toMatchObject(tooLarge)
    const headers = { ab: "c" }
    expect((await scene.post(`${queue}/messages`, { body: largest.slice(3), headers })).status).toBe(200)
    expect(await scene.post(`${queue}/messages`, { body: largest.slice(2), headers })).toMatchObject(tooLarge)
    const bytes = new Uint8Array(MAX_MESSAGE_BYTES + 1).fill(255)
    expect((await scene.post(`${queue}/messages`, { bodyBase64: base64(bytes.subarray(1)) })).status).toBe(200)
    expect(await scene.post(`${queue}/messages`, { bodyBase64: base64(bytes) })).toMatchObject(tooLarge)
    const twoBytes = "ä".repeat(MAX_MESSAGE_BYTES / 2)
    expect(await scene.post(`${queue}/messages`, { body: `${twoBytes}x` })).toMatchObject(tooLarge)
    expect(await scene.statistics(queue)).toMatchObject({ sent: 3 })
    const received = await scene.receive(queue, { maxMessages: 10 })
    expect(received.length).toBeGreaterThan(0)
    expect(received[0]!.body).toBe(largest)
  })

  it("[H18] a batch with one that is too large names it and stores nothing", async () => {
    const queue = await scene.queue()
    const messages = [{ body: 1 }, { body: "x".repeat(MAX_MESSAGE_BYTES + 1) }]
    const expected = problem(413, "payload_too_large", { pointer: "/messages/1" })
    expect(await scene.post(`${queue}/messages`, { messages })).toMatchObject(expected)
    expect(await scene.statistics(queue)).toMatchObject({ sent: 0 })
  })

  it("[H18] the largest message comes back from a queue's dead-letter queue too", async () => {
    const letters = await scene.queue()
    const queue = await scene.queue({ deadLetterQueue: letters.slice("/v1/queues/".length) })
    const body = "x".repeat(MAX_MESSAGE_BYTES)
    await scene.send(queue, body)
    const { receipt } = await scene.receiveOne(queue)
    await scene.settle("nack", queue, { receipts: [receipt], reject: true, error: "e".repeat(8192) })
    const letter = await scene.receiveOne(letters, { waitMs: 10_000 })
    expect(letter.body).toBe(body)
    expect(letter.headers?.["millrace-dead-letter-error"]).toHaveLength(8192)
  })
})

describe("a raw body", () => {
  const sendRaw = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
    scene.request("POST", path, { body, headers })

  it("[H19] of text is text, of anything else bytes with their type", async () => {
    const queue = await scene.queue()
    const path = `${queue}/messages`
    for (const type of ["text/plain", "text/plain; charset=UTF-8"]) {
      expect((await sendRaw(path, "ä €", { "content-type": type })).status).toBe(200)
      expect(await scene.receiveOne(queue)).toMatchObject({ body: "ä €" })
    }
    expect((await sendRaw(path, "", { "content-type": "text/plain" })).status).toBe(200)
    expect(await scene.receiveOne(queue)).toMatchObject({ body: "" })
    for (const type of ["application/octet-stream", "image/png", "text/plain; charset=latin1", "text/csv"]) {
      expect((await sendRaw(path, everyByte, { "content-type": type })).status).toBe(200)
      const expected = { bodyBase64: base64(everyByte), headers: { "content-type": type } }
      expect(await scene.receiveOne(queue)).toMatchObject(expected)
    }
  })

  it("[H19] text that is no UTF-8 stays as it is, as bytes", async () => {
    const queue = await scene.queue()
    const bytes = Uint8Array.of(0x61, 0xff)
    expect((await sendRaw(`${queue}/messages`, bytes, { "content-type": "text/plain" })).status).toBe(200)
    expect((await scene.receiveOne(queue)).bodyBase64).toBe(base64(bytes))
  })

  it("[H19] of JSON is asked for in the query", async () => {
    const queue = await scene.queue()
    const raw = `${queue}/messages?raw=true`
    const type = { "content-type": "application/json" }
    expect((await sendRaw(raw, '{"body":1}', type)).status).toBe(200)
    expect(await scene.receiveOne(queue)).toMatchObject({ body: { body: 1 } })
    expect(await sendRaw(raw, "{", type)).toMatchObject(problem(400, "invalid_json"))
    expect((await sendRaw(raw, "a=b", { "content-type": "application/x-www-form-urlencoded" })).status).toBe(200)
    expect((await scene.receiveOne(queue)).bodyBase64).toBe(base64(encoder.encode("a=b")))
    const expected = problem(422, "invalid_field", { pointer: "/raw" })
    expect(await sendRaw(`${queue}/messages?raw=yes`, "{}", type)).toMatchObject(expected)
  })

  it("[H19] takes headers and a group from Millrace-* headers, and no others of that name", async () => {
    const fifo = await scene.queue({ ordering: "fifo" })
    const type = { "content-type": "text/plain" }
    const headers = { ...type, "Millrace-Group-Id": "g", "Millrace-Header-Trace": "t", "X-Other": "o" }
    expect((await sendRaw(`${fifo}/messages`, "x", headers)).status).toBe(200)
    const message = await scene.receiveOne(fifo)
    expect(message).toMatchObject({ body: "x", groupId: "g", headers: { trace: "t" } })
    expect(Object.keys(message.headers!)).toEqual(["trace"])
    const unknown = await sendRaw(`${fifo}/messages`, "x", { ...headers, "Millrace-Delay": "1" })
    expect(unknown).toMatchObject(problem(422, "invalid_field", { pointer: "/millrace-delay" }))
    const early = await sendRaw(`${fifo}/messages`, "x", { ...headers, "Millrace-Delay-Ms": "1" })
    expect(early).toMatchObject(problem(422, "invalid_field", { pointer: "/delayMs" }))
    expect(await sendRaw(`${fifo}/messages`, "x", type)).toMatchObject(
      problem(422, "invalid_field", { pointer: "/groupId" }),
    )
    expect(await scene.statistics(fifo)).toMatchObject({ sent: 1 })
  })

  it("[H18] [H19] may be as large as a message", async () => {
    const queue = await scene.queue()
    const bytes = new Uint8Array(MAX_MESSAGE_BYTES + 1).fill(120)
    const type = { "content-type": "text/plain" }
    expect((await sendRaw(`${queue}/messages`, bytes.slice(1), type)).status).toBe(200)
    expect(await sendRaw(`${queue}/messages`, bytes, type)).toMatchObject(problem(413, "payload_too_large"))
  })
})

import { bytes, type Codec, isMillraceError, json, type StandardSchema, text } from "millrace/client"
import * as v from "valibot"
import { type Checks, equal, holds, rejection, take } from "./check.ts"
import { freshName, type Place } from "./place.ts"
import { adminOf, gate, withBroker } from "./scene.ts"

/** A codec of the user's own, whose bytes are no text. */
const dates: Codec<Date> = {
  encode: (date) => new Uint8Array(new Float64Array([date.getTime()]).buffer),
  decode: (encoded) => new Date(new Float64Array(encoded.slice().buffer)[0]!),
}

/** A schema by hand; it is asynchronous, as one that asks somebody else would be. */
const positive: StandardSchema<unknown, { readonly doubled: number }> = {
  "~standard": {
    version: 1,
    vendor: "by hand",
    validate: async (value) => {
      await Promise.resolve()
      return typeof value === "number" && value > 0
        ? { value: { doubled: value * 2 } }
        : { issues: [{ message: "it must be a positive number" }] }
    },
  },
}

/** What a value is on its way. */
export const codecChecks: Checks = {
  "text and bytes arrive as they are": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const texts = broker.queue(name, { codec: text })
      await texts.send("Größe ✓ \u0000")
      await texts.send("")
      equal(
        (await take(texts.messages(), 2)).map(({ body }) => body),
        ["Größe ✓ \u0000", ""],
      )
    })
    const other = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const binary = broker.queue(other, { codec: bytes })
      const all = Uint8Array.from({ length: 256 }, (_, index) => index)
      await binary.send(all)
      const [message] = await take(binary.messages(), 1)
      equal(message?.body, all)
    })
  },

  "JSON of every kind arrives as it was": async (place) => {
    const name = await madeQueue(place)
    const values = [null, true, 0, -1.5e300, "", "text", [], [1, [2]], {}, { deep: { er: ["ü", null] } }]
    await withBroker(place, async (broker) => {
      const queue = broker.queue(name, { codec: json() })
      for (const value of values) await queue.send(value)
      equal(
        (await take(queue.messages(), values.length)).map(({ body }) => body),
        values,
      )
      const error = await rejection(queue.send(undefined))
      holds(isMillraceError(error, "invalid_value"), `invalid_value is said of undefined, not ${String(error)}`)
    })
  },

  "a codec of one's own is used both ways": async (place) => {
    const name = freshName(place, "topic")
    await adminOf(place).topics.put(name, { partitions: 1 })
    await withBroker(place, async (broker) => {
      const topic = broker.topic(name, { codec: dates })
      await topic.producer().send({ value: new Date(1_767_225_600_000) })
      const [record] = await take(topic.read({ from: "earliest" }), 1)
      equal(record?.value?.toISOString(), "2026-01-01T00:00:00.000Z")
    })
  },

  "valibot's schema checks what is received": async (place) => {
    const name = await madeQueue(place)
    await withBroker(place, async (broker) => {
      const Job = v.object({ image: v.string(), width: v.optional(v.number(), 100) })
      await broker.queue(name).send({ image: "cat.png", else: 1 })
      const [message] = await take(broker.queue(name, { schema: Job }).messages(), 1)
      equal(message?.body, { image: "cat.png", width: 100 })
    })
  },

  "what its schema refuses never reaches a handler, and ends in the dead-letter queue": async (place) => {
    const failed = await madeQueue(place)
    const name = await madeQueue(place, { maxDeliveries: 1, deadLetterQueue: failed })
    await withBroker(place, async (broker) => {
      await broker.queue(name).send(-1)
      await broker.queue(name).send(4)
      const seen: number[] = []
      const done = gate()
      const consumer = broker.queue(name, { schema: positive }).consume(({ body }) => {
        seen.push(body.doubled)
        done.open()
      })
      const [dead] = await take(broker.queue(failed).messages(), 1)
      await done.passed
      await consumer.stop()
      equal(seen, [8])
      equal(dead?.body, -1)
      const reasons = Object.values(dead?.headers ?? {})
      holds(
        reasons.some((reason) => reason.includes("it must be a positive number")),
        `the dead letter says why: ${reasons.join(", ")}`,
      )
    })
  },
}

async function madeQueue(place: Place, settings = {}): Promise<string> {
  const name = freshName(place, "queue")
  await adminOf(place).queues.put(name, settings)
  return name
}

/** Compiled and never run: what handlers and loops get. */
import {
  bytes,
  type Client,
  type Consumer,
  type GroupConsumer,
  type Message,
  RetryLater,
  type SharedRecord,
  type TopicRecord,
} from "millrace/client"
import * as v from "valibot"
import { proves, type Same } from "./same.ts"

interface Flight {
  readonly to: string
}

declare const client: Client

const schema = v.object({ image: v.string(), width: v.optional(v.number(), 100) })
const jobs = client.queue("jobs", { schema })
const consumer = jobs.consume(
  (message, { signal }) => {
    proves<Same<typeof message, Message<{ image: string; width: number }>>>()
    proves<Same<typeof signal, AbortSignal>>()
    throw new RetryLater({ delayMs: 10 })
  },
  { concurrency: 10, prefetch: 100, visibilityTimeoutMs: 1_000, onError: (_, message) => message?.body.width },
)
proves<Same<typeof consumer, Consumer>>()
proves<Same<typeof consumer.done, Promise<void>>>()

const loop = jobs.messages({ prefetch: 10 })
proves<Same<typeof loop, AsyncIterableIterator<Message<{ image: string; width: number }>>>>()

const flights = client.topic<Flight>("flights")
const reading = flights.read({ from: { offsets: { 0: 10 } }, until: "end" })
proves<Same<typeof reading, AsyncIterableIterator<TopicRecord<string, Flight>>>>()
const member = flights.consumer("billing", { autoCommit: false })
proves<Same<typeof member, GroupConsumer<string, Flight>>>()
void member.run((record) => {
  // a tombstone has no value
  proves<Same<typeof record.value, Flight | null>>()
  void member.commit(record)
})
flights.share("mailers").consume((record) => {
  proves<Same<typeof record, SharedRecord<string, Flight>>>()
})

const byBytes = client.topic("flights", { key: bytes, schema })
byBytes.share("mailers").consume(({ key, value }) => {
  proves<Same<typeof key, Uint8Array | null>>()
  proves<Same<typeof value, { image: string; width: number } | null>>()
})
void byBytes.producer().send({ key: new Uint8Array(2), value: { image: "cat.png" } })

// @ts-expect-error values are what the topic's type says
void flights.producer().send({ key: "JFK", value: { to: 1 } })
// @ts-expect-error keys are text unless a codec says otherwise
void flights.producer().send({ key: 1, value: { to: "SFO" } })
// @ts-expect-error there is no such place to begin
flights.read({ from: "middle" })
// @ts-expect-error a consumer needs a handler
jobs.consume({ concurrency: 10 })
// @ts-expect-error the number of handlers is a number
jobs.consume(() => {}, { concurrency: "all" })
// @ts-expect-error when to try again has to be said
throw new RetryLater()

/** Compiled and never run: what a queue's codec and schema make of its messages, and what does not compile. */
import { bytes, type Client, json, type Queue, type Sent, text } from "millrace/client"
import * as v from "valibot"
import { proves, type Same } from "./same.ts"

interface Job {
  readonly image: string
}

declare const client: Client
declare const job: Job

const untyped = client.queue("jobs")
proves<Same<typeof untyped, Queue<unknown, unknown>>>()

const typed = client.queue<Job>("jobs")
proves<Same<typeof typed, Queue<Job, Job>>>()

const byCodec = client.queue("jobs", { codec: json<Job>() })
proves<Same<typeof byCodec, Queue<Job, Job>>>()
const texts = client.queue("jobs", { codec: text })
proves<Same<typeof texts, Queue<string, string>>>()
const binary = client.queue("jobs", { codec: bytes })
proves<Same<typeof binary, Queue<Uint8Array, Uint8Array>>>()

const schema = v.object({ image: v.string(), width: v.optional(v.number(), 100) })
const checked = client.queue("jobs", { schema })
proves<Same<typeof checked, Queue<v.InferInput<typeof schema>, v.InferOutput<typeof schema>>>>()

const sent = typed.send(job, { delayMs: 100, deliverAt: new Date(), headers: { a: "b" } })
proves<Same<typeof sent, Promise<Sent>>>()
void checked.send({ image: "cat.png" })

// @ts-expect-error a job has an image
void typed.send({ width: 1 })
// @ts-expect-error what a schema takes is known
void checked.send({ image: 1 })
// @ts-expect-error text is a string
void texts.send(1)
// @ts-expect-error a delay is a number of milliseconds
void typed.send(job, { delayMs: "1s" })
// @ts-expect-error there is no such option
void typed.send(job, { delaySeconds: 1 })
// @ts-expect-error a queue needs a name
client.queue()

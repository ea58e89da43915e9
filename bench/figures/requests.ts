import type { PostJob, Target } from "../load/jobs.ts"

const MESSAGE_BYTES = 256
/** No limit, by number or by time; an infinite one would not survive the way to the load generator. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** The body of a message of 256 bytes; `start` is how it begins. */
export function messageBody(start = ""): string {
  return start.padEnd(MESSAGE_BYTES, "m")
}

/** The request body of a send of `count` messages. */
export function batchBody(count: number): string {
  return JSON.stringify({ messages: Array.from({ length: count }, () => ({ body: messageBody() })) })
}

/** Creates a queue with `settings`. */
export async function createQueue({ url, token }: Target, queue: string, settings: object = {}): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const answer = await fetch(`${url}/v1/queues/${queue}`, { method: "PUT", headers, body: JSON.stringify(settings) })
  if (!answer.ok) throw new Error(`creating ${queue}: ${answer.status} ${await answer.text()}`)
}

/** Sends `count` messages as one batch. */
export async function sendBatch({ url, token }: Target, queue: string, count: number): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const answer = await fetch(`${url}/v1/queues/${queue}/messages`, { method: "POST", headers, body: batchBody(count) })
  if (!answer.ok) throw new Error(`sending to ${queue}: ${answer.status} ${await answer.text()}`)
  await answer.arrayBuffer()
}

/** A job that posts one body to one path. */
export function postJob(
  { url, token }: Target,
  path: string,
  body: string,
  load: Pick<PostJob, "connections" | "until">,
): PostJob {
  return { kind: "post", url, token, path, body, ...load }
}

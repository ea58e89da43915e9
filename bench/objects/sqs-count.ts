import { md5Hex } from "../../src/protocol/sqs/md5.ts"
import { BODY } from "../load/message-body.ts"
import type { BenchEnv } from "./env.ts"

/** Under it, for each size of batch, is a queue for AWS's client that is nothing but a count. */
export const COUNT_PATH = "/bench/sqs/"

const MD5 = md5Hex(new TextEncoder().encode(BODY))
const ID = "00000000-0000-8000-8000-000000000000"
/** What the answers of the broker name too. */
const HEADERS = { "Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": ID }
const SENT = { MessageId: ID, MD5OfMessageBody: MD5 }
/** As long as the broker's. */
const RECEIVED = { MessageId: ID, MD5OfBody: MD5, ReceiptHandle: "AQEAAAAAAb-uZs4.tovjmc", Body: BODY }

/** The answers of one size of batch, written once. */
interface Answers {
  readonly sent: string
  readonly received: string
  readonly deleted: string
}

const answers = new Map<number, Answers>()

/**
 * What the platform alone costs where AWS's client asks: the body is received and not looked at, the object keeps a
 * count, and the answer is a text that was written before. Nothing is parsed, signed or hashed, and no message stored.
 */
export async function countOnly(request: Request, env: BenchEnv): Promise<Response> {
  const { url, headers } = request
  const batch = Number(url.slice(url.indexOf(COUNT_PATH) + COUNT_PATH.length).replace("/", ""))
  const count = env.COUNTS.getByName(String(batch))
  const { sent, received, deleted } = answersOf(batch)
  await request.arrayBuffer()
  const action = headers.get("x-amz-target")!
  if (action.includes("Receive")) {
    const taken = await count.take(batch)
    return new Response(taken === 0 ? "{}" : received, { headers: HEADERS })
  }
  const isSend = action.includes("Send")
  await count.put(isSend ? batch : 0)
  return new Response(isSend ? sent : deleted, { headers: HEADERS })
}

function answersOf(batch: number): Answers {
  const known = answers.get(batch)
  if (known) return known
  const ids = Array.from({ length: batch }, (_, index) => String(index))
  const made = {
    sent: JSON.stringify(batch === 1 ? SENT : { Successful: ids.map((Id) => ({ Id, ...SENT })) }),
    received: JSON.stringify({ Messages: ids.map(() => RECEIVED) }),
    deleted: JSON.stringify(batch === 1 ? {} : { Successful: ids.map((Id) => ({ Id })) }),
  }
  answers.set(batch, made)
  return made
}

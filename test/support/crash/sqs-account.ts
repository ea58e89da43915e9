import { type SigningKey, sign } from "../aws-signer.ts"
import { type Ask, Door } from "./door.ts"
import type { LoadOptions, LoadTarget } from "./load.ts"
import { SQS_QUEUE } from "./settings.ts"
import type { Stage } from "./stage.ts"

/** The SQS door, with a queue that was made there. */
export interface SqsAccount {
  readonly door: Door
  readonly queueUrl: string
}

/** Makes an access key and, with it, a queue. */
export async function openSqsAccount(stage: Stage, onAnswer: LoadOptions["onAnswer"]): Promise<SqsAccount> {
  const made = await stage.door.insist("POST", "/v1/tokens", { kind: "aws" }, [201])
  const ask = sqsAsk(stage.target, made.answer.body as SigningKey)
  const door = new Door(stage.recorder, ask, onAnswer)
  const created = await door.insist("POST", "CreateQueue", { QueueName: SQS_QUEUE }, [200])
  return { door, queueUrl: (created.answer.body as { readonly QueueUrl: string }).QueueUrl }
}

/** Requests in SQS's JSON protocol, signed; a path is the name of an action. */
function sqsAsk({ url }: LoadTarget, key: SigningKey): Ask {
  return (_method, action, body) => {
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` }
    const signed = sign(key, { url: `${url}/`, headers, body: JSON.stringify(body) })
    return [signed.url, signed]
  }
}

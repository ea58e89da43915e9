/**
 * `npm run demo:sqs`: programs for Amazon SQS, with AWS's client and a well-known consumer in them, of which nothing
 * was changed but the endpoint and the credentials in their environment.
 */
import { readWebhooks } from "../data.ts"
import { runDemo } from "../run-demo.ts"
import { openAccount } from "./account.ts"
import { workInOrder } from "./in-order.ts"
import { workWebhooks } from "./webhooks.ts"

const DEADLINE_MS = 90_000

await runDemo(DEADLINE_MS, async (address, progress) => {
  const account = await openAccount(address)
  const webhooks = readWebhooks()
  return [await workWebhooks(address, account, webhooks, progress), await workInOrder(account, webhooks, progress)]
})

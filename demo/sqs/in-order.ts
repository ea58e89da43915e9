import { setTimeout as sleep } from "node:timers/promises"
import { keysOutOfOrder, notExactlyOnce } from "../checks.ts"
import type { Webhook } from "../data.ts"
import type { Progress } from "../progress.ts"
import type { Section } from "../report.ts"
import { type Account, createQueue, held } from "./account.ts"
import { partsBehind, startProgram } from "./program.ts"

const QUEUE = "webhooks.fifo"
const POLL_MS = 100

/** A fifo queue to which a producer sends everything twice, as after answers that were lost. */
export async function workInOrder(
  account: Account,
  webhooks: readonly Webhook[],
  progress: Progress,
): Promise<Section> {
  const environment = { QUEUE_URL: await createQueue(account, QUEUE, { FifoQueue: "true" }) }
  const input = webhooks.map((webhook) => `${JSON.stringify(webhook)}\n`).join("")

  const sending = progress.start("send twice to a fifo queue", 2 * webhooks.length)
  const sent: string[][] = []
  for (let time = 0; time < 2; time++) {
    const producer = startProgram(account, "producer", { environment, input, onLine: () => sending.advance(1) })
    await producer.ended
    sent.push(producer.lines.filter((line) => line.startsWith("sent ")))
  }
  const sentTwice = sending.end()
  const stored = await held(account, environment.QUEUE_URL)

  const working = progress.start("work in order by an sqs-consumer", webhooks.length)
  const worker = startProgram(account, "ordered-worker", { environment, onLine: () => working.advance(1) })
  while ((await held(account, environment.QUEUE_URL)) > 0) await sleep(POLL_MS, undefined, { signal: account.signal })
  const worked = working.end()
  worker.kill("SIGTERM")
  await worker.ended

  const numbers = webhooks.map((_, number) => String(number))
  const processed = partsBehind("processed", worker.lines)
  const byRepository = (number: string): [string, string] => [repositoryOf(webhooks[Number(number)]!), number]
  const outOfOrder = keysOutOfOrder(numbers.map(byRepository), processed.map(byRepository))
  const [first, second] = sent
  const checks = [
    { name: "stored of what was sent twice", actual: stored, expected: webhooks.length },
    { name: "repeats answered with their first id", actual: same(first!, second!), expected: webhooks.length },
    { name: "processed never or twice", actual: notExactlyOnce(numbers, processed).length, expected: 0 },
    { name: "repositories out of order", actual: outOfOrder.length, expected: 0 },
  ]
  return { title: `Queue "${QUEUE}", by programs for Amazon SQS`, timings: [sentTwice, worked], checks }
}

function repositoryOf({ payload }: Webhook): string {
  return payload.repository?.full_name ?? "none"
}

function same(left: readonly string[], right: readonly string[]): number {
  return left.filter((line, index) => line === right[index]).length
}

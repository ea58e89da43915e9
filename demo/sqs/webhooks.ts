import { setTimeout as sleep } from "node:timers/promises"
import { type Check, notExactlyOnce } from "../checks.ts"
import type { Webhook } from "../data.ts"
import { type Address, get } from "../http.ts"
import type { Progress, Step } from "../progress.ts"
import type { Section } from "../report.ts"
import { type Account, arnOf, createQueue, held } from "./account.ts"
import { partsBehind, type Program, startProgram } from "./program.ts"

const QUEUE = "webhooks"
const DEAD_LETTERS = "webhooks-dead"
const MAX_RECEIVES = "3"
const VISIBILITY_TIMEOUT_S = "5"
/** So much the worker that is killed has done by then. */
const KILL_AFTER = 20
const POLL_MS = 100
/** No worker can handle these, until one can: a webhook that was itself deleted. */
const POISON_EVENT = "meta"

/** A producer, two workers of which one is killed, a dead-letter queue, and the way back from it. */
export async function workWebhooks(
  address: Address,
  account: Account,
  webhooks: readonly Webhook[],
  progress: Progress,
): Promise<Section> {
  const dead = await createQueue(account, DEAD_LETTERS, {})
  const redrive = { deadLetterTargetArn: await arnOf(account, dead), maxReceiveCount: MAX_RECEIVES }
  const attributes = { VisibilityTimeout: VISIBILITY_TIMEOUT_S, RedrivePolicy: JSON.stringify(redrive) }
  const queue = await createQueue(account, QUEUE, attributes)

  const sending = progress.start("send by @aws-sdk/client-sqs", webhooks.length)
  const producer = startProgram(account, "producer", {
    environment: { QUEUE_URL: queue },
    input: webhooks.map((webhook) => `${JSON.stringify(webhook)}\n`).join(""),
    onLine: () => sending.advance(1),
  })
  await producer.ended
  const sent = sending.end()

  const step = progress.start("work by two sqs-consumers, one killed", webhooks.length)
  const [victim, survivor] = await workUntilEmpty(account, queue, step)
  const worked = step.end()

  const letters = await get<{ messages: readonly unknown[] }>(
    address,
    `/queues/${DEAD_LETTERS}/messages?reason=max_deliveries`,
  )
  const moving = progress.start("move the dead letters back, to a worker that can", letters.messages.length)
  const repaired = await moveBack(account, { queue, dead }, letters.messages.length, moving)
  const moved = moving.end()

  const found = { producer, victim, survivor, repaired, deadLetters: letters.messages.length }
  const left = await Promise.all([held(account, queue), held(account, dead)])
  const checks = [
    ...checkWork(webhooks, found),
    { name: "left in both queues", actual: left[0] + left[1], expected: 0 },
  ]
  return { title: `Queue "${QUEUE}", by programs for Amazon SQS`, timings: [sent, worked, moved], checks }
}

async function workUntilEmpty(account: Account, queue: string, step: Step): Promise<[Program, Program]> {
  const environment = { QUEUE_URL: queue, CAN_NOT_HANDLE: POISON_EVENT }
  const note = (line: string): void => {
    if (line.startsWith("processed")) step.advance(1)
  }
  const victim = startProgram(account, "worker", {
    environment,
    onLine: (line, program) => {
      note(line)
      if (partsBehind("processed", program.lines).length === KILL_AFTER) program.kill("SIGKILL")
    },
  })
  const survivor = startProgram(account, "worker", { environment, onLine: note })
  await victim.ended
  await untilEmpty(account, queue)
  await end(survivor)
  return [victim, survivor]
}

async function moveBack(
  account: Account,
  { queue, dead }: { readonly queue: string; readonly dead: string },
  count: number,
  step: Step,
): Promise<Program> {
  const repaired = startProgram(account, "worker", { environment: { QUEUE_URL: queue }, onLine: () => step.advance(1) })
  await account.sqs.startMessageMoveTask({ SourceArn: await arnOf(account, dead) })
  while (repaired.lines.length < count) await sleep(POLL_MS, undefined, { signal: account.signal })
  await untilEmpty(account, queue)
  await end(repaired)
  return repaired
}

async function untilEmpty(account: Account, queue: string): Promise<void> {
  while ((await held(account, queue)) > 0) await sleep(POLL_MS, undefined, { signal: account.signal })
}

async function end(program: Program): Promise<void> {
  program.kill("SIGTERM")
  await program.ended
}

interface Found {
  readonly producer: Program
  readonly victim: Program
  readonly survivor: Program
  readonly repaired: Program
  /** As the HTTP API counts those that were received too often. */
  readonly deadLetters: number
}

function checkWork(webhooks: readonly Webhook[], found: Found): Check[] {
  const numbers = webhooks.map((_, number) => String(number))
  const poison = numbers.filter((number) => webhooks[Number(number)]!.event === POISON_EVENT)
  const sent = found.producer.lines.filter((line) => line.startsWith("sent "))
  const byVictim = partsBehind("processed", found.victim.lines)
  const bySurvivor = partsBehind("processed", found.survivor.lines)
  // what was done, and not deleted when the worker was killed, is rightly done again
  const processed = [...bySurvivor, ...byVictim.filter((number) => !bySurvivor.includes(number))]
  const repaired = partsBehind("processed", found.repaired.lines)
  return [
    { name: "webhooks sent and confirmed", actual: sent.length, expected: numbers.length },
    {
      name: "different message ids",
      actual: new Set(sent.map((line) => line.split(" ")[2])).size,
      expected: numbers.length,
    },
    { name: "workers killed at work", actual: Number(byVictim.length >= KILL_AFTER), expected: 1 },
    {
      name: "processed never, or twice with nobody killed",
      actual: notExactlyOnce(
        numbers.filter((number) => !poison.includes(number)),
        processed,
      ).length,
      expected: 0,
    },
    { name: "dead letters, as the HTTP API sees them", actual: found.deadLetters, expected: poison.length },
    { name: "moved back and processed wrongly", actual: notExactlyOnce(poison, repaired).length, expected: 0 },
  ]
}

import { type Client, connect, type Queue } from "../src/client/index.ts"
import type { Check } from "./checks.ts"
import type { Webhook } from "./data.ts"
import { drain } from "./dead-letters.ts"
import type { Address } from "./http.ts"
import { Ledger } from "./ledger.ts"
import type { Progress, Step } from "./progress.ts"
import type { Section } from "./report.ts"
import { checkWebhooks } from "./webhook-checks.ts"
import { CrashingWorker, hire, POISON_ERROR, Worker, type Workplace } from "./worker.ts"

const QUEUE = "webhooks"
const DEAD_LETTERS = "webhooks-dead"
const MAX_DELIVERIES = 3
const VISIBILITY_TIMEOUT_MS = 2_000
const RETRY_DELAY_MS = 100
const WORKERS = 4
const POLL_MS = 50
/** No worker can handle these: a webhook that was itself deleted. */
const POISON_EVENT = "meta"

/** The queue half: webhooks worked on by four consumers, of which one crashes; what none can handle is set aside. */
export async function workWebhooks(
  address: Address,
  webhooks: readonly Webhook[],
  progress: Progress,
): Promise<Section> {
  await using broker = await connect(address)
  await createQueues(broker)
  const ledger = new Ledger(webhooks, (webhook) => webhook.event === POISON_EVENT)

  const publishing = progress.start("publish webhooks", webhooks.length)
  await publishAll(broker.queue(QUEUE), ledger, publishing)
  const published = publishing.end()

  const step = progress.start(`work on webhooks with ${WORKERS} consumers, one crashing`, webhooks.length)
  const place = { queue: QUEUE, visibilityTimeoutMs: VISIBILITY_TIMEOUT_MS, ledger, step }
  await workAll(address, place, () => untilEmpty(broker))
  const worked = step.end()

  const { deadLettered } = (await broker.admin.queues.get(QUEUE)).statistics
  const draining = progress.start("drain the dead-letter queue", deadLettered)
  const deadLetters = await drain(broker.queue(DEAD_LETTERS), deadLettered, draining)
  const drained = draining.end()

  const left = [QUEUE, DEAD_LETTERS].map(async (name): Promise<Check> => {
    return { name: `left in the queue ${name}`, actual: await unfinished(broker, name), expected: 0 }
  })
  const rules = { queue: QUEUE, maxDeliveries: MAX_DELIVERIES, error: String(POISON_ERROR) }
  const checks = [...checkWebhooks(ledger, deadLetters, rules), ...(await Promise.all(left))]
  return { title: `Queue "${QUEUE}", ${WORKERS} consumers`, timings: [published, worked, drained], checks }
}

async function createQueues({ admin: { queues } }: Client): Promise<void> {
  await queues.put(DEAD_LETTERS)
  await queues.put(QUEUE, {
    visibilityTimeoutMs: VISIBILITY_TIMEOUT_MS,
    maxDeliveries: MAX_DELIVERIES,
    deadLetterQueue: DEAD_LETTERS,
    retryDelay: { kind: "constant", delayMs: RETRY_DELAY_MS },
  })
}

/** All messages are on their way at once; each is confirmed when it is stored. */
async function publishAll(queue: Queue, ledger: Ledger, step: Step): Promise<void> {
  const publish = async ({ number, message }: Ledger["jobs"][number]): Promise<void> => {
    const { id } = await queue.send(message.body, { headers: message.headers })
    if (id === null) throw new Error(`the broker has no id for webhook ${number}`)
    ledger.sent(number, id)
    step.advance(1)
  }
  await Promise.all(ledger.jobs.map(publish))
}

/** Returns when the queue has nothing left, also nothing in flight. */
async function workAll(address: Address, place: Workplace, isDone: () => Promise<void>): Promise<void> {
  const consumers = await Promise.all(
    Array.from({ length: WORKERS }, (_, index) => hire(index === 0 ? CrashingWorker : Worker, address, place)),
  )
  const working = Promise.all(consumers.map((consumer) => consumer.work()))
  await Promise.race([isDone(), working])
  await Promise.all(consumers.map((consumer) => consumer.stop()))
  await working
}

async function untilEmpty(broker: Client): Promise<void> {
  while ((await unfinished(broker, QUEUE)) > 0) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function unfinished({ admin }: Client, queue: string): Promise<number> {
  const { ready, inFlight, delayed, forwarding } = (await admin.queues.get(queue)).statistics
  return ready + inFlight + delayed + forwarding
}

import type { Check } from "./checks.ts"
import { call, type Connection, expectAll } from "./client.ts"
import type { Webhook } from "./data.ts"
import { drain } from "./dead-letters.ts"
import { Ledger } from "./ledger.ts"
import type { Progress, Step } from "./progress.ts"
import type { Section } from "./report.ts"
import { DemoSocket } from "./socket.ts"
import { checkWebhooks } from "./webhook-checks.ts"
import { CrashingWorker, POISON_ERROR, Worker } from "./worker.ts"

const QUEUE = "webhooks"
const DEAD_LETTERS = "webhooks-dead"
const MAX_DELIVERIES = 3
const VISIBILITY_TIMEOUT_MS = 2_000
const RETRY_DELAY_MS = 100
const BATCH_MESSAGES = 25
const WORKERS = 4
const POLL_MS = 50
/** No worker can handle these: a webhook that was itself deleted. */
const POISON_EVENT = "meta"

interface QueueState {
  readonly statistics: Readonly<Record<"ready" | "inFlight" | "delayed" | "forwarding" | "deadLettered", number>>
}

/** The queue half: webhooks worked on by four consumers, of which one crashes; what none can handle is set aside. */
export async function workWebhooks(
  connection: Connection,
  webhooks: readonly Webhook[],
  progress: Progress,
): Promise<Section> {
  await createQueues(connection)
  const ledger = new Ledger(webhooks, (webhook) => webhook.event === POISON_EVENT)

  const publishing = progress.start("publish webhooks over WebSocket", webhooks.length)
  await publishAll(connection, ledger, publishing)
  const published = publishing.end()

  const working = progress.start(`work on webhooks with ${WORKERS} consumers, one crashing`, webhooks.length)
  await workAll(connection, ledger, working)
  const worked = working.end()

  const { deadLettered } = (await stateOf(connection, QUEUE)).statistics
  const draining = progress.start("drain the dead-letter queue over HTTP", deadLettered)
  const deadLetters = await drain(connection, DEAD_LETTERS, draining)
  const drained = draining.end()

  const left = [QUEUE, DEAD_LETTERS].map(async (name): Promise<Check> => {
    return { name: `left in the queue ${name}`, actual: unfinished(await stateOf(connection, name)), expected: 0 }
  })
  const rules = { queue: QUEUE, maxDeliveries: MAX_DELIVERIES, error: POISON_ERROR }
  const checks = [...checkWebhooks(ledger, deadLetters, rules), ...(await Promise.all(left))]
  return { title: `Queue "${QUEUE}", ${WORKERS} consumers`, timings: [published, worked, drained], checks }
}

async function createQueues(connection: Connection): Promise<void> {
  await call(connection, "PUT", `/queues/${DEAD_LETTERS}`, {})
  await call(connection, "PUT", `/queues/${QUEUE}`, {
    visibilityTimeoutMs: VISIBILITY_TIMEOUT_MS,
    maxDeliveries: MAX_DELIVERIES,
    deadLetterQueue: DEAD_LETTERS,
    retryDelay: { kind: "constant", delayMs: RETRY_DELAY_MS },
  })
}

/** All batches are on their way at once; each is confirmed when it is stored. */
async function publishAll(connection: Connection, ledger: Ledger, step: Step): Promise<void> {
  const socket = await DemoSocket.open(connection)
  const publish = async (from: number): Promise<void> => {
    const batch = ledger.jobs.slice(from, from + BATCH_MESSAGES)
    const results = await socket.publish(
      QUEUE,
      batch.map(({ message }) => message),
    )
    for (const [entry, { id }] of expectAll("publish", results).entries()) ledger.sent(batch[entry]!.number, id)
    step.advance(results.length)
  }
  const starts = [...ledger.jobs.keys()].filter((index) => index % BATCH_MESSAGES === 0)
  await Promise.race([Promise.all(starts.map(publish)), socket.failed])
  socket.close()
}

/** Returns when the queue has nothing left, also nothing in flight. */
async function workAll(connection: Connection, ledger: Ledger, step: Step): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: WORKERS }, () => DemoSocket.open(connection)))
  const workers = sockets.map((socket, index) =>
    index === 0 ? new CrashingWorker(socket, ledger, step) : new Worker(socket, ledger, step),
  )
  for (const worker of workers) worker.start(QUEUE)
  const failed = Promise.race(workers.map((worker) => worker.failed))
  await Promise.race([untilEmpty(connection), failed])
  await Promise.race([Promise.all(workers.map((worker) => worker.idle())), failed])
  for (const socket of sockets) socket.close()
}

async function untilEmpty(connection: Connection): Promise<void> {
  while (unfinished(await stateOf(connection, QUEUE)) > 0) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

function stateOf(connection: Connection, queue: string): Promise<QueueState> {
  return call<QueueState>(connection, "GET", `/queues/${queue}`)
}

function unfinished({ statistics }: QueueState): number {
  return statistics.ready + statistics.inFlight + statistics.delayed + statistics.forwarding
}

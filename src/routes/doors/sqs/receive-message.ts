import type { Failure } from "../../../core/errors.ts"
import { decodeDeliveries } from "../../../core/log/delivered.ts"
import type { ReceiveReply } from "../../../core/queue/commands.ts"
import type { QueueSettings } from "../../../core/queue/settings.ts"
import { ok, type Result } from "../../../core/result.ts"
import type { CatalogEntry } from "../../../objects/contract.ts"
import type { Output } from "../../../protocol/sqs/actions.ts"
import { refuse, type SqsResult } from "../../../protocol/sqs/errors.ts"
import { parseReceive, type ReceiveOptions } from "../../../protocol/sqs/receive-options.ts"
import { type ReceiveContext, receivedMessage } from "../../../protocol/sqs/received-messages.ts"
import { waitForMessages } from "../../../session/wait.ts"
import type { QueueStub } from "../../env.ts"
import { SHARD } from "../../objects.ts"
import { handBack, isEmpty } from "../../queues/hand-back.ts"
import type { LateOutput, SqsAction, SqsCall } from "./action.ts"
import { callNamedQueue } from "./queue.ts"

type ReceiveCall = SqsCall<"ReceiveMessage">
type Answer = Output<"ReceiveMessage"> | LateOutput<"ReceiveMessage">

/** What the queue's object answered at once, and how to ask it again. */
interface Attempt {
  readonly options: ReceiveOptions
  readonly queue: QueueStub
  readonly entry: CatalogEntry<QueueSettings>
  readonly reply: ReceiveReply
}

const NO_MESSAGES: Output<"ReceiveMessage"> = {}

export const receiveMessage: SqsAction<"ReceiveMessage"> = {
  name: "ReceiveMessage",
  async handle(call) {
    const received = receive(call)
    // Goes on without its client: what it receives then is handed back at once.
    call.waitUntil(received)
    return received
  },
}

async function receive(call: ReceiveCall): Promise<SqsResult<Answer>> {
  const called = await callNamedQueue<SqsResult<Attempt>>(call, {
    repeat: "once",
    run: (queue, entry) => attempt(call, queue, entry),
  })
  if (!called.ok) return called
  if (!called.value.ok) return called.value
  const { options, entry, reply } = called.value.value
  if (reply.isFull === true && entry.settings.ordering === "standard") {
    return refuse("OverLimit", "The maximum number of in flight messages is reached.")
  }
  if (options.waitMs > 0 && isEmpty(reply)) return ok(lateOutput(call, called.value.value))
  if (call.request.signal.aborted) await handBack(call, entry.name, options.request, reply)
  return ok(outputOf(call, called.value.value, reply))
}

async function attempt(
  { input }: ReceiveCall,
  queue: QueueStub,
  entry: CatalogEntry<QueueSettings>,
): Promise<Result<SqsResult<Attempt>, Failure>> {
  const options = parseReceive(input, entry.settings)
  if (!options.ok) return ok(options)
  const reply = await queue.receive(entry.version, options.value.request)
  return reply.ok ? ok(ok({ options: options.value, queue, entry, reply: reply.value })) : reply
}

/** A wait that failed has received nothing, and says so: the next request will be told why. */
function lateOutput(call: ReceiveCall, first: Attempt): LateOutput<"ReceiveMessage"> {
  const { options, queue, entry } = first
  return {
    async produce(gone) {
      const waited = await waitForMessages(queue, entry.version, options.request, options.waitMs, gone)
      if (!waited.ok) return { output: NO_MESSAGES, undelivered: async () => {} }
      const { value: reply } = waited
      const undelivered = (): Promise<void> => handBack(call, entry.name, options.request, reply)
      return { output: outputOf(call, first, reply), undelivered }
    },
  }
}

function outputOf(
  { identity }: ReceiveCall,
  { options, entry }: Attempt,
  { incarnation, deliveries }: ReceiveReply,
): Output<"ReceiveMessage"> {
  const received = decodeDeliveries(deliveries)
  if (received.length === 0) return NO_MESSAGES
  const context: ReceiveContext = {
    incarnation,
    shard: SHARD,
    queue: entry.name,
    isFifo: entry.settings.ordering === "fifo",
    wanted: options.wanted,
    ownerAccountId: identity.ownerAccountId,
    region: identity.region,
    isRepeatable: options.request.attemptId !== null,
    now: Date.now(),
  }
  return { Messages: received.map((delivery) => receivedMessage(context, delivery)) }
}

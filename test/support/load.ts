import type { TestBroker } from "./broker.ts"

/** What the load did and what it was told; a request without an answer counts as unknown. */
export interface History {
  /** Bodies whose send was confirmed. */
  readonly sent: Set<string>
  /** Bodies whose acknowledgement was confirmed, with the instant of the answer. */
  readonly acked: Map<string, number>
  /** Bodies whose acknowledgement was asked for, whatever the answer. */
  readonly ackAsked: Set<string>
  /** Every delivery, with the instants around its request. */
  readonly deliveries: { readonly body: string; readonly askedAt: number }[]
  /** Records whose append was confirmed, by `partition/offset`. */
  readonly appended: Map<string, string>
  /** Requests that got no answer. */
  unanswered: number
}

export function emptyHistory(): History {
  return {
    sent: new Set(),
    acked: new Map(),
    ackAsked: new Set(),
    deliveries: [],
    appended: new Map(),
    unanswered: 0,
  }
}

/** Answers of the broker that the load reads. */
export interface Answer {
  readonly status: number
  readonly body: {
    readonly messages?: readonly {
      readonly id: string
      readonly body: string
      readonly receipt: string
      readonly headers?: Readonly<Record<string, string>>
    }[]
    readonly results?: readonly { readonly ok?: true }[]
    readonly records?: readonly {
      readonly partition: number
      readonly offset: number
      readonly body: string
      readonly headers?: Readonly<Record<string, string>>
    }[]
    readonly nextOffset?: number
    readonly endOffset?: number
    readonly statistics?: Readonly<Record<string, number>>
  }
}

/** One request, or null where it got no whole answer. */
export async function ask(broker: TestBroker, method: string, path: string, body?: unknown): Promise<Answer | null> {
  try {
    const response = await fetch(`${broker.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${broker.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answered: Answer["body"] = await response.json()
    return { status: response.status, body: answered }
  } catch {
    return null
  }
}

/** Sends, works on, and appends until `signal`; poison messages are nacked for ever. */
export async function runLoad(broker: TestBroker, history: History, run: number, signal: AbortSignal): Promise<void> {
  const until = async (step: (round: number) => Promise<void>): Promise<void> => {
    for (let round = 0; !signal.aborted; round++) await step(round)
  }
  await Promise.all([
    ...[0, 1, 2].map((worker) =>
      until((round) => send(broker, history, `${run}.${worker}.${round}`, worker === 0 ? 1 : 10)),
    ),
    ...[0, 1, 2, 3].map(() => until(() => work(broker, history))),
    ...[0, 1].map((worker) => until((round) => append(broker, history, `${run}.${worker}.${round}`))),
  ])
}

async function send(broker: TestBroker, history: History, prefix: string, count: number): Promise<void> {
  const bodies = Array.from({ length: count }, (_, index) => `${prefix}.${index}${index === 3 ? " poison" : ""}`)
  const messages = bodies.map((body) => ({ body }))
  const answer = await ask(broker, "POST", "/v1/queues/work/messages", { messages })
  if (answer?.status === 200) for (const body of bodies) history.sent.add(body)
  else history.unanswered++
}

async function work(broker: TestBroker, history: History): Promise<void> {
  const askedAt = performance.now()
  const received = await ask(broker, "POST", "/v1/queues/work/receive", { maxMessages: 10, waitMs: 200 })
  const messages = received?.body.messages
  if (!messages) {
    history.unanswered++
    return
  }
  for (const { body } of messages) history.deliveries.push({ body, askedAt })
  const [poison, fine] = [messages.filter(isPoison), messages.filter((message) => !isPoison(message))]
  await Promise.all([acknowledge(broker, history, fine), giveBack(broker, poison)])
}

const isPoison = ({ body }: { readonly body: string }): boolean => body.endsWith("poison")

async function acknowledge(
  broker: TestBroker,
  history: History,
  messages: readonly { readonly body: string; readonly receipt: string }[],
): Promise<void> {
  if (messages.length === 0) return
  for (const { body } of messages) history.ackAsked.add(body)
  const receipts = messages.map((message) => message.receipt)
  const answer = await ask(broker, "POST", "/v1/queues/work/ack", { receipts })
  const answeredAt = performance.now()
  if (!answer) history.unanswered++
  answer?.body.results?.forEach((result, index) => {
    if (result.ok) history.acked.set(messages[index]!.body, answeredAt)
  })
}

async function giveBack(broker: TestBroker, messages: readonly { readonly receipt: string }[]): Promise<void> {
  if (messages.length === 0) return
  await ask(broker, "POST", "/v1/queues/work/nack", { receipts: messages.map((message) => message.receipt) })
}

async function append(broker: TestBroker, history: History, prefix: string): Promise<void> {
  const bodies = Array.from({ length: 20 }, (_, index) => `${prefix}.${index}`)
  const records = bodies.map((body, index) => ({ key: `k${index % 5}`, body }))
  const answer = await ask(broker, "POST", "/v1/topics/log/records", { records })
  if (answer?.status !== 200) history.unanswered++
  else
    answer.body.records!.forEach(({ partition, offset }, index) =>
      history.appended.set(`${partition}/${offset}`, bodies[index]!),
    )
}

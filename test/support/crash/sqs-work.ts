import type { Random } from "../../simulation/random.ts"
import type { Delivered, Send, SentMessage, Settle } from "../checkers/history.ts"
import type { Call } from "./door.ts"
import { HTTP_LEASE_MS, SQS_QUEUE } from "./settings.ts"
import type { SqsAccount } from "./sqs-account.ts"
import { OPERATIONS_PER_MESSAGE, type Stage, type Worker } from "./stage.ts"

const MAX_ENTRIES = 10
const MS_PER_SECOND = 1_000

interface SqsMessage {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly Attributes: { readonly ApproximateReceiveCount: string }
}

interface BatchAnswer {
  readonly Successful?: readonly { readonly Id: string; readonly MessageId: string }[]
  readonly Failed?: readonly { readonly Id: string; readonly Code: string; readonly SenderFault: boolean }[]
}

/** Sends as clients of SQS do. */
export class SqsSender implements Worker {
  readonly #stage: Stage
  readonly #account: SqsAccount
  readonly name: string
  readonly #random: Random

  constructor(stage: Stage, account: SqsAccount, name: string) {
    this.#stage = stage
    this.#account = account
    this.name = name
    this.#random = stage.random(name)
  }

  readonly step = async (): Promise<void> => {
    const messages = this.#stage
      .freshOnes(this.name, this.#random.between(1, MAX_ENTRIES))
      .map((value) => ({ value, group: null, dedupId: null, delayMs: this.#random.chance(0.1) ? MS_PER_SECOND : 0 }))
    await this.#stage.turn(messages.length * OPERATIONS_PER_MESSAGE)
    const { door, queueUrl: QueueUrl } = this.#account
    const Entries = messages.map(({ value, delayMs }, index) => {
      return { Id: String(index), MessageBody: value, DelaySeconds: delayMs / MS_PER_SECOND }
    })
    const call = await door.post("sqs send", "SendMessageBatch", { QueueUrl, Entries }, messages.length)
    this.#stage.recorder.add(this.#sendOf(messages, call))
  }

  #sendOf(messages: readonly SentMessage[], call: Call): Send {
    const batch = batchOf(call)
    const sent = { kind: "send", client: this.name, queue: SQS_QUEUE, messages, calledAt: call.calledAt } as const
    if (batch === null) return { ...sent, answeredAt: null, results: null }
    const ids = new Map(batch.Successful?.map(({ Id, MessageId }) => [Id, MessageId]))
    const codes = new Map(batch.Failed?.map(({ Id, Code }) => [Id, Code]))
    const results = messages.map((_, index) => {
      const id = ids.get(String(index))
      return id === undefined ? { refused: codes.get(String(index)) ?? "no reason" } : { id }
    })
    return { ...sent, answeredAt: call.answeredAt, results }
  }
}

/** Receives as clients of SQS do; deletes, and gives some back by a timeout of 0. */
export class SqsReceiver implements Worker {
  readonly #stage: Stage
  readonly #account: SqsAccount
  readonly name: string
  readonly #random: Random

  constructor(stage: Stage, account: SqsAccount, name: string) {
    this.#stage = stage
    this.#account = account
    this.name = name
    this.#random = stage.random(name)
  }

  readonly step = async (): Promise<void> => {
    const messages = await this.#receive(this.#random.between(0, 1))
    const given = messages.filter(() => this.#random.chance(0.04))
    const forgotten = messages.filter(() => this.#random.chance(0.02))
    const done = messages.filter((message) => !given.includes(message) && !forgotten.includes(message))
    await Promise.all([this.#settle("ack", done), this.#settle("extend", given)])
  }

  /** Receives and deletes everything; answers how much it was. */
  async takeAll(waitMs: number): Promise<number> {
    const messages = await this.#receive(Math.ceil(waitMs / MS_PER_SECOND))
    await this.#settle("ack", messages)
    return messages.length
  }

  async #receive(WaitTimeSeconds: number): Promise<Delivered[]> {
    const { door, queueUrl: QueueUrl } = this.#account
    const { calledAt, answeredAt, answer } = await door.post("sqs receive", "ReceiveMessage", {
      QueueUrl,
      MaxNumberOfMessages: MAX_ENTRIES,
      WaitTimeSeconds,
      VisibilityTimeout: HTTP_LEASE_MS / MS_PER_SECOND,
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    })
    const { Messages = [] } = (answer?.body ?? {}) as { readonly Messages?: readonly SqsMessage[] }
    const seen = { client: this.name, queue: SQS_QUEUE } as const
    if (Messages.length === 0) {
      const waitMs = WaitTimeSeconds * MS_PER_SECOND
      this.#stage.recorder.add({ kind: "empty-receive", ...seen, calledAt, answeredAt, waitMs })
    }
    const delivered = Messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
      kind: "delivered" as const,
      ...seen,
      value: Body,
      id: MessageId,
      receipt: ReceiptHandle,
      deliveryCount: Number(Attributes.ApproximateReceiveCount),
      group: null,
      leasedAfter: calledAt,
      answeredAt: answeredAt!,
      visibilityTimeoutMs: HTTP_LEASE_MS,
      deadLetter: null,
    }))
    this.#stage.recorder.add(...delivered)
    return delivered
  }

  async #settle(kind: "ack" | "extend", all: readonly Delivered[]): Promise<void> {
    if (all.length === 0) return
    const { door, queueUrl: QueueUrl } = this.#account
    const action = kind === "ack" ? "DeleteMessageBatch" : "ChangeMessageVisibilityBatch"
    const Entries = all.map(({ receipt: ReceiptHandle }, index) => {
      return { Id: String(index), ReceiptHandle, ...(kind === "extend" && { VisibilityTimeout: 0 }) }
    })
    const call = await door.post("sqs settle", action, { QueueUrl, Entries }, all.length)
    const batch = batchOf(call)
    const codes = new Map(batch?.Failed?.map(({ Id, Code }) => [Id, Code]))
    for (const [index, delivered] of all.entries()) {
      const result = batch === null ? null : (codes.get(String(index)) ?? "ok")
      this.#stage.recorder.add(settleOf(kind, delivered, call, result))
    }
  }
}

/** Of a standard queue also an older handle is good, and then changes nothing: what it did is only sure in its time. */
function settleOf(kind: "ack" | "extend", delivered: Delivered, call: Call, result: string | null): Settle {
  const { client, queue, receipt, leasedAfter, visibilityTimeoutMs } = delivered
  const isInTime = call.answeredAt !== null && call.answeredAt < leasedAfter + visibilityTimeoutMs
  const isSure = result !== "ok" || isInTime
  const { calledAt, answeredAt } = call
  return { kind, client, queue, receipt, ms: 0, calledAt, answeredAt, result: isSure ? result : null }
}

/** Null where it is not known of some entry what became of it. */
function batchOf({ answer }: Call): BatchAnswer | null {
  if (answer === null) return null
  if (answer.status !== 200) throw new Error(`a batch was refused: ${JSON.stringify(answer)}`)
  const batch = answer.body as BatchAnswer
  return batch.Failed?.some(({ SenderFault }) => !SenderFault) === true ? null : batch
}

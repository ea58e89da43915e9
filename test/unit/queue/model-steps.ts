import fc from "fast-check"
import { expect } from "vitest"
import { expectDelivered, type Model, same, type Step } from "./model.ts"
import type { Sent, Settling } from "./reference-data.ts"
import { frameBytesOf, type Outgoing, received, type Receipt, receiptOf } from "./scene-messages.ts"
import type { QueueScene } from "./scene.ts"

/** Beyond it no more are sent: so few that all of them may leave in one commit, for every reason there is. */
const MAX_LIVE = 24

/** What messages of a profile have. */
export interface MessageKinds {
  readonly groups?: readonly string[]
  readonly isGrouped?: boolean
  readonly dedup?: boolean
  readonly times?: boolean
  readonly ttl?: boolean
}

/** Sends of one to eight messages. */
export function sending(kinds: MessageKinds): fc.Arbitrary<Step> {
  return fc.array(outgoing(kinds), { minLength: 1, maxLength: 8 }).map((messages) => ({
    label: `send ${JSON.stringify(messages)}`,
    run: (model, scene) => {
      const { reference, now } = model
      if (isFull(model, messages.length)) return
      const timed = messages.map((message) => {
        return message.deliverAt === undefined ? message : { ...message, deliverAt: now + message.deliverAt }
      })
      const expected = reference.send(
        timed.map((message) => sentOf(message, scene)),
        now,
      )
      const actual = scene.send(timed, now)
      const plain = actual.ok
        ? actual.value.map((one) => (typeof one === "number" ? one : one.code))
        : actual.error.code
      same(plain, expected)
    },
  }))
}

/** Messages that another queue moves here, some of them once more. */
export function accepting(kinds: MessageKinds): fc.Arbitrary<Step> {
  const messages = fc.array(outgoing({ ...kinds, dedup: false, times: false, ttl: false }), {
    minLength: 1,
    maxLength: 3,
  })
  return fc.record({ messages, repeated: fc.nat(2) }).map(({ messages, repeated }) => ({
    label: `accept ${JSON.stringify(messages)} ${repeated} of them again`,
    run: (model, scene) => {
      if (isFull(model, messages.length)) return
      const { reference, now } = model
      const firstSeq = Math.max(1, model.movedSeq - repeated)
      const sent = messages.map((message) => sentOf(message, scene))
      same(scene.accept(messages, firstSeq, now), reference.accept(sent, firstSeq, now))
      model.movedSeq = Math.max(model.movedSeq, firstSeq + messages.length)
    },
  }))
}

export function receiving(): fc.Arbitrary<Step> {
  const wanted = fc.record({
    maxMessages: fc.integer({ min: 1, max: 10 }),
    visibilityTimeoutMs: fc.constantFrom(null, null, 1_000, 20_000),
    attemptId: fc.constantFrom(null, null, null, "a", "b"),
  })
  return wanted.map((request) => ({
    label: `receive ${JSON.stringify(request)}`,
    run: (model, scene) => {
      const { maxMessages, visibilityTimeoutMs, attemptId } = request
      const actual = scene.tryReceive(
        {
          maxMessages,
          ...(visibilityTimeoutMs === null ? {} : { visibilityTimeoutMs }),
          ...(attemptId === null ? {} : { attemptId }),
        },
        model.now,
      )
      model.reference.given = actual.ok ? actual.value.map(({ offset }) => offset) : []
      const expected = model.reference.receive(request, model.now)
      if (typeof expected === "string") return same(actual.ok ? actual.value : actual.error.code, expected)
      expect(actual.ok).toBe(true)
      if (actual.ok) expectDelivered(actual.value.map(received), expected, model)
    },
  }))
}

/** Settles some receipts, mostly recent ones, some old, some that nobody was given. */
export function settling(): fc.Arbitrary<Step> {
  const settlement = fc.record({
    kind: fc.constantFrom<Settling["kind"]>("ack", "ack", "ack", "nack", "nack", "reject", "extend", "undelivered"),
    delayMs: fc.constantFrom(null, null, 0, 700, 30_000),
    fault: fc.boolean(),
    error: fc.constantFrom(null, "why"),
    forMs: fc.constantFrom(0, 500, 40_000),
  })
  const chosen = fc.record({ back: fc.nat(30), most: fc.integer({ min: 1, max: 5 }), isWrong: fc.nat(20) })
  return fc.record({ settlement, chosen }).map(({ settlement, chosen }) => ({
    label: `${JSON.stringify(settlement)} ${JSON.stringify(chosen)}`,
    run: (model, scene) => {
      const { back, most, isWrong } = chosen
      const from = Math.max(0, model.receipts.length - 1 - back)
      const receipts = isWrong === 0 ? [{ offset: 5, attempt: 3 }] : model.receipts.slice(from, from + most)
      for (const receipt of receipts) settle(settlement, receipt, model, scene)
    },
  }))
}

/** Subscriptions come and go. */
export function subscribing(bytes: readonly number[] = [60, 10_000]): fc.Arbitrary<Step> {
  const id = fc.integer({ min: 1, max: 3 })
  const credit = fc.record({ messages: fc.constantFrom(2, 5, 50), bytes: fc.constantFrom(...bytes) })
  const beginning = fc.record({ id, credit }).map(({ id, credit }) => ({
    label: `subscribe ${id} ${JSON.stringify(credit)}`,
    run: ({ reference, now }: Model, scene: QueueScene) => {
      if (scene.queue.consumers.find(id)) return
      const granted = { grantedMessages: credit.messages, grantedBytes: credit.bytes }
      scene.subscribe({ id, ...granted }, now)
      const consumer = { id, holder: id, joinedAt: now, ...granted, sentMessages: 0, sentBytes: 0 }
      reference.data.consumers.push(consumer)
    },
  }))
  const granting = id.map((id) => ({
    label: `grant ${id}`,
    run: ({ reference, now }: Model, scene: QueueScene) => {
      scene.grant(id, 3, now)
      for (const consumer of reference.data.consumers) if (consumer.id === id) consumer.grantedMessages += 3
    },
  }))
  const ending = id.map((id) => ({
    label: `unsubscribe ${id}`,
    run: ({ reference, now }: Model, scene: QueueScene) => {
      scene.unsubscribe(id, now)
      reference.unsubscribe(id, now)
    },
  }))
  return fc.oneof(beginning, granting, ending)
}

/** The dead-letter queue takes what waits for it. */
export function forwarding(): fc.Arbitrary<Step> {
  return fc.constant({
    label: "forward",
    run: ({ reference, now }, scene) => {
      const last = scene.outbox().at(-1)
      if (!last) return
      scene.forward(last.target, last.seq, now)
      // what this commit has moved so far is not stored yet
      const waiting = scene.queue.state.forwarding
      reference.data.departed = waiting === 0 ? [] : reference.data.departed.slice(-waiting)
    },
  } satisfies Step)
}

/** One message. */
export function outgoing({ groups, isGrouped = false, dedup, times, ttl }: MessageKinds): fc.Arbitrary<Outgoing> {
  const no = fc.constant(undefined)
  const rarely = (arbitrary: fc.Arbitrary<number>): fc.Arbitrary<number | undefined> =>
    fc.oneof({ weight: 2, arbitrary: no }, { weight: 1, arbitrary })
  const group = groups ? fc.constantFrom(...groups) : no
  const time = fc.record({ kind: fc.constantFrom("delayMs", "deliverAt"), ms: fc.constantFrom(1, 400, 9_000, 100_000) })
  const someTime = fc.oneof({ weight: 2, arbitrary: no }, { weight: times ? 1 : 0, arbitrary: time })
  return fc
    .record({
      number: fc.nat(999),
      // two of the longest fill a row
      padding: fc.constantFrom(0, 0, 10, 40, 2_500),
      groupId: isGrouped || !groups ? group : fc.oneof(no, group),
      dedupId: dedup ? fc.oneof(no, fc.constantFrom("x", "y", "z")) : no,
      time: someTime,
      ttlMs: ttl ? rarely(fc.constantFrom(1, 800, 12_000, 90_000)) : no,
    })
    .map(({ number, padding, groupId, dedupId, time, ttlMs }) => ({
      body: `${number}${".".repeat(padding)}`,
      ...(groupId === undefined ? {} : { groupId }),
      ...(dedupId === undefined ? {} : { dedupId }),
      ...(time === undefined ? {} : { [time.kind]: time.ms }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    }))
}

/** What the naive side is told of a message. */
export function sentOf(message: Outgoing, { settings }: QueueScene): Sent {
  const { body, groupId = null, dedupId, delayMs = 0, deliverAt = 0, ttlMs = 0 } = message
  const scope = settings.dedupScope === "group" ? groupId : "whole queue"
  const dedupKey = dedupId === undefined ? null : JSON.stringify([scope, dedupId])
  return { body, bytes: frameBytesOf(message), groupId, dedupKey, delayMs, deliverAt, ttlMs }
}

function settle(
  settlement: Omit<Settling, "offset" | "attempt">,
  given: Receipt,
  model: Model,
  scene: QueueScene,
): void {
  const { reference, now } = model
  const { kind, delayMs, fault, error, forMs } = settlement
  const receipt = receiptOf(given)
  const expected = reference.settle({ ...settlement, ...given }, now)
  switch (kind) {
    case "ack":
    case "undelivered":
      return same(scene.settle({ kind, receipt }, now), expected)
    case "nack":
      return same(scene.settle({ kind, receipt, delayMs, fault, error }, now), expected)
    case "reject":
      return same(scene.settle({ kind, receipt, error }, now), expected)
    case "extend":
      return same(scene.settle({ kind, receipt, visibilityTimeoutMs: forMs }, now), expected)
  }
}

/** Whether so many more would be too many. */
export function isFull({ reference }: Model, more: number): boolean {
  return reference.live.length + reference.data.scheduled.length + more > MAX_LIVE
}

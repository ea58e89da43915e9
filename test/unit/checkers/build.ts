import type {
  Append,
  Commit,
  Delivered,
  EmptyReceive,
  History,
  Operation,
  Owned,
  Read,
  Send,
  Settle,
} from "../../support/checkers/history.ts"
import {
  PLAIN_QUEUE,
  type Promises,
  type QueuePromise,
  type TopicPromise,
  type Violation,
} from "../../support/checkers/promises.ts"

/** Longer than any leases and waits here, and short of the window below. */
export const VISIBILITY_MS = 10_000

type Checker = (history: History, promises: Promises) => Violation[]

/** What a checker says of a queue `q`, with dead letters in `dead`, and a topic `t`. */
export function check(
  checker: Checker,
  operations: readonly Operation[],
  {
    queue = {},
    dead = {},
    topic = {},
    outages = [],
  }: {
    queue?: Partial<QueuePromise>
    dead?: Partial<QueuePromise>
    topic?: Partial<TopicPromise>
    outages?: History["outages"]
  } = {},
): string[] {
  const promises: Promises = {
    queues: { q: { ...PLAIN_QUEUE, ...queue }, dead: { ...PLAIN_QUEUE, ...dead } },
    topics: { t: { retentionMs: null, compacted: false, ...topic } },
    slackMs: 100,
  }
  return checker({ operations, outages }, promises).map(({ detail }) => detail)
}

/** A send of one message, called at an instant and answered 10 ms later with the id `id-<value>`. */
export function sent(
  value: string,
  at: number,
  {
    id = `id-${value}`,
    refused,
    answeredAt = at + 10,
    ...rest
  }: Partial<Send & Send["messages"][number]> & {
    id?: string
    refused?: string
  } = {},
): Send {
  const { group = null, dedupId = null, delayMs = 0, queue = "q", client = "sender" } = rest
  return {
    kind: "send",
    client,
    queue,
    calledAt: at,
    answeredAt,
    messages: [{ value, group, dedupId, delayMs }],
    results: answeredAt === null ? null : [refused === undefined ? { id } : { refused }],
  }
}

/** A delivery that was asked for at an instant, came 10 ms later, and has the receipt `<value>/<count>`. */
export function got(value: string, at: number, deliveryCount = 1, rest: Partial<Delivered> = {}): Delivered {
  return {
    kind: "delivered",
    client: "receiver",
    queue: "q",
    value,
    id: `id-${value}`,
    receipt: `${value}/${deliveryCount}`,
    deliveryCount,
    group: null,
    leasedAfter: at,
    answeredAt: at + 10,
    visibilityTimeoutMs: VISIBILITY_MS,
    deadLetter: null,
    ...rest,
  }
}

/** A dead letter of `q` in `dead`. */
export function gotDead(value: string, at: number, reason: string, deliveries: number, rest: Partial<Delivered> = {}) {
  return got(value, at, 1, {
    queue: "dead",
    id: `dead-${value}`,
    receipt: `dead/${value}`,
    deadLetter: { source: "q", reason, deliveryCount: deliveries },
    ...rest,
  })
}

export function settled(kind: Settle["kind"], receipt: string, at: number, rest: Partial<Settle> = {}): Settle {
  const base = { client: "receiver", queue: "q", receipt, ms: 0, result: "ok" }
  return { kind, calledAt: at, answeredAt: at + 10, ...base, ...rest }
}

export function foundNothing(at: number, waitMs = 0, rest: Partial<EmptyReceive> = {}): EmptyReceive {
  const base = { client: "waiting", queue: "q", waitMs }
  return { kind: "empty-receive", calledAt: at, answeredAt: at + waitMs + 10, ...base, ...rest }
}

/** An append of values under one key, answered 10 ms later with the offsets from `first` on. */
export function appended(
  values: readonly string[],
  at: number,
  first: number,
  { key = null, ...rest }: Partial<Append> & { key?: string | null } = {},
): Append {
  return {
    kind: "append",
    client: "producer",
    topic: "t",
    partition: 0,
    calledAt: at,
    answeredAt: at + 10,
    records: values.map((value) => ({ value, key })),
    offsets: values.map((_, index) => first + index),
    producer: null,
    ...rest,
  }
}

/** A read of values at the offsets from `from` on. */
export function read(from: number, values: readonly string[], at: number, rest: Partial<Read> = {}): Read {
  return {
    kind: "read",
    client: "reader",
    topic: "t",
    partition: 0,
    calledAt: at,
    answeredAt: at + 10,
    group: null,
    from,
    records: values.map((value, index) => ({ offset: from + index, value, key: null, timestamp: 0 })),
    nextOffset: from + values.length,
    ...rest,
  }
}

export function committed(
  member: string,
  epoch: number,
  offset: number,
  at: number,
  rest: Partial<Commit> = {},
): Commit {
  const place = { group: "g", topic: "t", partition: 0 }
  return {
    kind: "commit",
    client: member,
    calledAt: at,
    answeredAt: at + 10,
    ...place,
    member,
    epoch,
    offset,
    result: "ok",
    ...rest,
  }
}

export function owned(member: string, epoch: number, committedOffset: number | null, at: number): Owned {
  return { kind: "owned", at, group: "g", topic: "t", partition: 0, member, epoch, committedOffset }
}

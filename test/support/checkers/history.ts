/**
 * What was asked of a broker and what it answered, as a client saw it. Times in milliseconds of the recorder's one clock.
 * A queue or topic that is deleted and created again is another one: each life has a name of its own here.
 * Operations may stand in any order, but what came to one client stands in the order in which it came.
 */
export interface History {
  readonly operations: readonly Operation[]
  /** When the broker was killed, and when it answered again: nobody is late while it is down. */
  readonly outages: readonly Outage[]
}

export interface Outage {
  readonly from: number
  readonly until: number
}

/** One request, or one frame that expects an answer. */
interface Invoked {
  /** Who asked: one client does one thing after the other, unless it says otherwise by another name. */
  readonly client: string
  readonly calledAt: number
  /** Null where no answer came: whether it was done is unknown. */
  readonly answeredAt: number | null
}

export type Operation =
  | Send
  | Delivered
  | EmptyReceive
  | Settle
  | Release
  | Remove
  | Redrive
  | Append
  | Read
  | Trim
  | Commit
  | Owned
  | Seek

/** Messages to a queue. Every value is sent once, unless it is repeated on purpose (by its `dedupId` or producer). */
export interface Send extends Invoked {
  readonly kind: "send"
  readonly queue: string
  readonly messages: readonly SentMessage[]
  /** Per message its id, or the code of its refusal (which says that it was not stored); null where no answer came. */
  readonly results: readonly ({ readonly id: string } | { readonly refused: string })[] | null
}

export interface SentMessage {
  readonly value: string
  readonly group: string | null
  readonly dedupId: string | null
  /** Not to be delivered before so long after the send; 0 for at once. */
  readonly delayMs: number
}

/** A message that came to a client, by a receive or a push. The lease began somewhere between `leasedAfter` and `answeredAt`. */
export interface Delivered {
  readonly kind: "delivered"
  readonly client: string
  readonly queue: string
  readonly value: string
  readonly id: string
  readonly receipt: string
  readonly deliveryCount: number
  readonly group: string | null
  /** When the receive was called, or the credit given that it used. */
  readonly leasedAfter: number
  readonly answeredAt: number
  readonly visibilityTimeoutMs: number
  /** What the headers of a dead letter say. */
  readonly deadLetter: { readonly source: string; readonly reason: string; readonly deliveryCount: number } | null
}

/** A receive that came back without a message, or not at all: then what it took is not known. */
export interface EmptyReceive extends Invoked {
  readonly kind: "empty-receive"
  readonly queue: string
  /** How long it asked to wait. */
  readonly waitMs: number
}

/** What a client said of one delivery. */
export interface Settle extends Invoked {
  readonly kind: "ack" | "nack" | "reject" | "extend"
  readonly queue: string
  readonly receipt: string
  /** Of a nack: before it nobody gets it again. Of an extend: the new timeout. Else 0. */
  readonly ms: number
  /** `ok`, the code of its refusal, or null where no answer came. */
  readonly result: string | null
}

/** From `at` on a client may have lost what it held: its socket broke or was closed, it was killed. */
export interface Release {
  readonly kind: "release"
  readonly client: string
  readonly at: number
}

/** Messages that an operator deleted, cancelled or purged. */
export interface Remove extends Invoked {
  readonly kind: "remove"
  readonly queue: string
  /** Null for all that there were. */
  readonly ids: readonly string[] | null
}

/** Messages that an operator moved on, usually dead letters back to where they came from. */
export interface Redrive extends Invoked {
  readonly kind: "redrive"
  readonly queue: string
  readonly target: string
}

/** Records to one partition. */
export interface Append extends Invoked {
  readonly kind: "append"
  readonly topic: string
  readonly partition: number
  readonly records: readonly { readonly value: string; readonly key: string | null }[]
  /** Per record; null where no answer came. A refusal of the whole is an empty list. */
  readonly offsets: readonly number[] | null
  /** Where a producer repeats: the same number is the same append. */
  readonly producer: { readonly id: string; readonly epoch: number; readonly sequence: number } | null
}

/** Records that came to a reader, in order; `from` is where it asked to begin. */
export interface Read extends Invoked {
  readonly kind: "read"
  readonly topic: string
  readonly partition: number
  /** Of a member of a group, else null. */
  readonly group: { readonly name: string; readonly member: string; readonly epoch: number } | null
  readonly from: number
  readonly records: readonly {
    readonly offset: number
    readonly value: string
    readonly key: string | null
    readonly timestamp: number
  }[]
  readonly nextOffset: number
}

/** Records before an offset, removed by an operator. */
export interface Trim extends Invoked {
  readonly kind: "trim"
  readonly topic: string
  readonly partition: number
  readonly before: number
}

/** An offset that a member committed, or tried to. */
export interface Commit extends Invoked {
  readonly kind: "commit"
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly member: string
  readonly epoch: number
  readonly offset: number
  /** `ok`, the code of its refusal, or null where no answer came. */
  readonly result: string | null
}

/** A member was told that a partition is its own, and where the group stands. */
export interface Owned {
  readonly kind: "owned"
  readonly at: number
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly member: string
  readonly epoch: number
  readonly committedOffset: number | null
}

/** A group that an operator set elsewhere. */
export interface Seek extends Invoked {
  readonly kind: "seek"
  readonly group: string
  readonly topic: string
  readonly partition: number
}

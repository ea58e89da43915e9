import type { Channel, Connection } from "../connection.ts"
import { errorOf, type MillraceError } from "../errors.ts"
import type { OutFrame, ServerFrame } from "../frames.ts"
import { isPassing } from "../refusals.ts"
import { quietTimeout } from "../timers.ts"
import { backoffMs } from "./backoff.ts"
import type { RecordPlace } from "./records.ts"
import { Wakeup } from "./wakeup.ts"

/** A partition as a member is told of it. */
export interface AssignedPartition extends RecordPlace {
  readonly epoch: number
  /** Where to begin; not there where the partition is to be given up. */
  readonly offset: number
}

/** All that a member has. */
export interface AssignmentFrame {
  readonly assigned: readonly AssignedPartition[]
  readonly revoked: readonly RecordPlace[]
  readonly lost: readonly RecordPlace[]
}

/** Who a membership is for. */
export interface MemberHost {
  /** What `join` says of the group, its topics, and who joins. */
  readonly request: Readonly<Record<string, unknown>>
  /** What it works on. */
  owned(): readonly RecordPlace[]
  assigned(assignment: AssignmentFrame): void
  /** It is out, and whoever comes next has its partitions; it joins anew. */
  lostAll(): void
  /** It will not come back. */
  failed(error: MillraceError): void
}

/** Being a member of a group: joins, shows that it is there, and comes back as the same member after a break. */
export class Membership implements Channel {
  /** Null while it is not known to be in. */
  memberId: string | null = null
  readonly #connection: Connection
  readonly #host: MemberHost
  readonly #changed = new Wakeup()
  /** So that a join whose answer was lost is not somebody else's: the next one takes over from it. */
  readonly #instanceId = `c-${Math.random().toString(36).slice(2)}`
  #sub = -1
  #state: "joining" | "in" | "out" | "over" = "joining"
  #isLeaving = false
  #heartbeatMs = 0
  #sessionMs = 0
  #heardAt = 0
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(connection: Connection, host: MemberHost) {
    this.#connection = connection
    this.#host = host
  }

  /** Joins. */
  open(): void {
    if (this.#state === "over") return
    this.#sub = this.#connection.open(this)
  }

  /** Says what it works on: what it was asked to give up and is not there any more is given up. */
  heartbeat(): void {
    // else the timer is that of the next try
    if (this.#state !== "in" || this.#isLeaving) return
    clearTimeout(this.#timer)
    const owned = this.#host.owned().map(({ topic, partition }) => ({ topic, partition }))
    this.#connection.say({ type: "heartbeat", sub: this.#sub, owned })
    this.#timer = quietTimeout(() => this.heartbeat(), this.#heartbeatMs)
  }

  /** Leaves; resolves when it is out. */
  async leave(): Promise<void> {
    this.#isLeaving = true
    if (this.#state === "in") this.#sayLeave()
    // not in, and nobody's member before: nothing was given to it
    if (this.memberId === null && this.#state === "out") this.#over()
    while (this.#state !== "over") await this.#changed.wait()
  }

  begin(sub: number): OutFrame {
    this.#sub = sub
    this.#state = "joining"
    const { memberId } = this
    const who = memberId === null ? { instanceId: this.#instanceId } : { memberId }
    return { type: "join", sub, ...who, ...this.#host.request }
  }

  received(frame: ServerFrame): void {
    if (frame.type !== "error") this.#heardAt = Date.now()
    if (frame.type === "joined") this.#joined(frame)
    else if (frame.type === "assignment") this.#host.assigned(frame as unknown as AssignmentFrame)
    else if (frame.type === "left") this.#over()
    else if (frame.type === "error") this.#refused(errorOf(frame["problem"]))
  }

  interrupted(): void {
    clearTimeout(this.#timer)
    if (this.#state === "in") this.#state = "joining"
  }

  closed(error: MillraceError): void {
    if (this.#state === "over") return
    this.#over()
    this.#host.failed(error)
  }

  #joined(frame: ServerFrame): void {
    this.memberId = frame["memberId"] as string
    this.#heartbeatMs = frame["heartbeatIntervalMs"] as number
    this.#sessionMs = frame["sessionTimeoutMs"] as number
    this.#state = "in"
    this.#failures = 0
    if (this.#isLeaving) this.#sayLeave()
    this.#timer = quietTimeout(() => this.heartbeat(), this.#heartbeatMs)
  }

  #refused(error: MillraceError): void {
    if (this.#state === "joining") return this.#notJoined(error)
    if (this.#state !== "in") return
    if (isPassing(error)) return this.#isLeaving ? this.#leaveLater() : undefined
    if (this.#isLeaving) return this.#over()
    if (error.code !== "not_found") return this.closed(error)
    // one that was heard of all the time is out because somebody else has its name: to come back would be a quarrel
    const isReplaced = "instanceId" in this.#host.request && Date.now() - this.#heardAt < this.#sessionMs
    if (isReplaced) return this.closed(error)
    // the broker closes the socket behind this, and on the next one the member is a new one
    this.#state = "out"
    this.#forget()
  }

  #notJoined(error: MillraceError): void {
    this.#connection.release(this.#sub)
    if (this.#isLeaving && !isPassing(error)) return this.#over()
    if (error.code === "not_found" && this.memberId !== null) {
      this.#forget()
      return this.open()
    }
    if (!isPassing(error)) return this.closed(error)
    this.#timer = quietTimeout(() => this.open(), backoffMs(this.#failures++))
  }

  #sayLeave(): void {
    this.#connection.say({ type: "leave", sub: this.#sub })
  }

  #leaveLater(): void {
    clearTimeout(this.#timer)
    this.#timer = quietTimeout(() => this.#sayLeave(), backoffMs(this.#failures++))
  }

  #forget(): void {
    clearTimeout(this.#timer)
    this.memberId = null
    this.#host.lostAll()
  }

  #over(): void {
    clearTimeout(this.#timer)
    this.#state = "over"
    this.#connection.release(this.#sub)
    this.#changed.wake()
  }
}

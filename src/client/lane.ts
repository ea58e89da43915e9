import type { Batch, Identity } from "./batch.ts"
import type { Connection } from "./connection.ts"
import { Wakeup } from "./consume/wakeup.ts"
import type { Entry, Stored } from "./entry.ts"
import { errorOf, type MillraceError } from "./errors.ts"
import { Flight } from "./flight.ts"
import { isPassing, pointedAt, verdictOf } from "./refusals.ts"
import { quietTimeout, sleep } from "./timers.ts"

/** Whose lane it is. */
export interface LaneOwner {
  readonly connection: Pick<Connection, "call" | "closing" | "sockets">
  /** A batch is said as soon as it has so many bytes, and has no more. */
  readonly maxBatchBytes: number
  /** What a publish says besides its batch and its producer. */
  target(): Readonly<Record<string, unknown>>
  /** The id to publish under, null where repeats need not be recognised; `isFresh` asks for one not used here before. */
  identify(isFresh: boolean): Promise<Identity | null>
  /** Somebody else has the producer's name. */
  fenced(error: MillraceError): void
  /** Partitions were added, and keys may be elsewhere now. */
  sealed(): void
  /** The lane is held and quiet. */
  quiet(): void
}

/** The broker remembers so many batches of a producer, so that every repeat gets the answer of the first. */
const WINDOW = 5
const MAX_BATCH_ENTRIES = 1_000
/**
 * Before anything of a producer is stored, what is refused for good leaves no trace at the broker, and a late copy from
 * an earlier socket could pass for what is counted anew: so each batch waits for the one before it. After a long
 * silence the broker may have forgotten.
 */
const KNOWN_FOR_MS = 60 * 60 * 1000
const FIRST_REST_MS = 50
const LAST_REST_MS = 10_000

/** All that one client publishes to one queue or partition: in order, each entry stored once. */
export class Lane {
  readonly #owner: LaneOwner
  readonly #flight = new Flight()
  readonly #waiting: Entry[] = []
  #waitingBytes = 0
  /** Whether all that waits is to be said at once. */
  #isDue = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #isHeld = false
  #isResting = false
  #isIdentifying = false
  #storedAt = 0
  #failures = 0
  readonly #idle = new Wakeup()

  constructor(owner: LaneOwner) {
    this.#owner = owner
  }

  /** Whether nothing waits or is on its way. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#flight.size === 0 && !this.#flight.isBroken
  }

  /** Whether of everything that was said it is known whether it is stored. */
  get isQuiet(): boolean {
    return this.#flight.isQuiet
  }

  /** Whether another entry would join others, in a batch that is not full. */
  get hasRoom(): boolean {
    return this.#waiting.length > 0 && !this.#isFull
  }

  /** Takes an entry, to be said after `lingerMs` at the latest; 0 joins it to what else comes in this turn. */
  add(entry: Entry, lingerMs: number): void {
    this.#waiting.push(entry)
    this.#waitingBytes += entry.bytes
    if (this.#isDue || this.#isFull) this.#sayMore()
    else if (lingerMs > 0) this.#timer ??= quietTimeout(() => this.flush(), lingerMs)
    else if (this.#waiting.length === 1 || this.#timer !== undefined) this.#flushSoon()
  }

  /** Says what waits without lingering. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isDue = this.#waiting.length > 0
    this.#sayMore()
  }

  /** Says what waits, and resolves when nothing is on its way. */
  async drain(): Promise<void> {
    this.flush()
    while (!this.isIdle) await this.#idle.wait()
  }

  /** Says nothing new until `release`, only what may be stored already. */
  hold(): void {
    this.#isHeld = true
  }

  /** Goes on. */
  release(): void {
    this.#isHeld = false
    this.#sayMore()
  }

  /** Gives back everything that is not stored; only while it is held and quiet. */
  takeBack(): Entry[] {
    return [...this.#flight.takeBack(this.#owner.connection.sockets), ...this.#takeWaiting(Infinity)]
  }

  /** Rejects everything that is not on its way. */
  reject(error: MillraceError): void {
    for (const entry of [...this.#flight.drop(), ...this.#takeWaiting(Infinity)]) entry.reject(error)
    if (this.isIdle) this.#idle.wake()
  }

  get #isFull(): boolean {
    return this.#waiting.length >= MAX_BATCH_ENTRIES || this.#waitingBytes >= this.#owner.maxBatchBytes
  }

  #flushSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    queueMicrotask(() => this.flush())
  }

  #sayMore(): void {
    const flight = this.#flight
    if (this.#isResting || (flight.isBroken && flight.size > 0)) return
    while (flight.nextAgain && this.#maySay() && (!this.#isHeld || flight.nextAgain.state === "unknown")) {
      this.#say(flight.resume())
    }
    if (flight.nextAgain || this.#isHeld) return
    while ((this.#isDue || this.#isFull) && this.#waiting.length > 0 && this.#maySay()) {
      const entries = this.#takeWaiting(this.#owner.maxBatchBytes)
      if (entries.length > 0) this.#say(flight.begin(entries, this.#owner.connection.sockets))
    }
    this.#isDue &&= this.#waiting.length > 0
    if (this.isIdle) this.#idle.wake()
  }

  #maySay(): boolean {
    const window = Date.now() - this.#storedAt < KNOWN_FOR_MS ? WINDOW : 1
    if (this.#flight.size >= window) return false
    if (this.#flight.identity !== undefined) return true
    if (!this.#isIdentifying) void this.#identify()
    return false
  }

  async #identify(): Promise<void> {
    this.#isIdentifying = true
    try {
      this.#flight.identity = await this.#owner.identify(this.#flight.isFresh)
      // of this one the broker knows nothing
      this.#storedAt = 0
    } catch (error) {
      if (isPassing(error as MillraceError)) void this.#rest(error as MillraceError)
      else this.reject(error as MillraceError)
    }
    this.#isIdentifying = false
    this.#sayMore()
  }

  #say(batch: Batch): void {
    const { identity, sequence, bytes } = batch
    const producer = identity && { producer: { id: identity.producerId, epoch: identity.epoch, sequence } }
    const frame = { type: "publish", ...this.#owner.target(), ...producer, batch: true }
    void this.#owner.connection.call(frame, { batch: bytes }).then(
      (answer) => this.#answered(batch, answer["results"] as Stored[], null),
      (error: MillraceError) => this.#answered(batch, [], error),
    )
  }

  /** One result for each entry, or one error for all of them. */
  #answered(batch: Batch, results: readonly Stored[], refused: MillraceError | null): void {
    let stored = 0
    let first = refused
    const left: Entry[] = []
    const guilty = refused && pointedAt(refused, batch.entries.length)
    for (const [index, entry] of batch.entries.entries()) {
      const problem = results[index]?.["problem"]
      const error = refused ?? (problem === undefined ? null : errorOf(problem))
      first ??= error
      if (error === null) {
        entry.resolve(results[index]!)
        stored++
      } else if (verdictOf(error) !== "never" || (guilty ?? index) !== index) left.push(entry)
      else entry.reject(error)
    }
    if (stored > 0) this.#failures = 0
    if (stored > 0 && batch.identity === this.#flight.identity) this.#storedAt = Date.now()
    this.#goOn(batch, { stored, left }, first)
  }

  #goOn(batch: Batch, { stored, left }: { stored: number; left: Entry[] }, error: MillraceError | null): void {
    const verdict = error === null ? null : verdictOf(error)
    if (verdict === "fenced") this.#owner.fenced(error!)
    if (verdict === "fenced" || this.#owner.connection.closing.aborted) {
      for (const entry of left.splice(0)) entry.reject(error!)
    }
    const state = verdict === "unknown" || verdict === "gap" ? verdict : "refused"
    this.#flight.answered(batch, { stored, left, state })
    if (error && isPassing(error)) void this.#rest(error)
    if (error?.code === "partition_sealed") this.#owner.sealed()
    if (this.#flight.size === 0) this.#flight.settle(this.#owner.connection.sockets)
    if (this.#isHeld && this.isQuiet) this.#owner.quiet()
    this.#sayMore()
  }

  /** Before what was refused is said again, some time goes by. */
  async #rest(error: MillraceError): Promise<void> {
    if (this.#isResting) return
    this.#isResting = true
    const ceilingMs = Math.min(LAST_REST_MS, Math.max(error.retryAfterMs ?? 0, FIRST_REST_MS * 2 ** this.#failures++))
    await sleep(ceilingMs * (1 - Math.random() / 2), this.#owner.connection.closing)
    this.#isResting = false
    this.#sayMore()
  }

  /** Takes what waits, up to a batch of so many bytes, without what its caller has taken back. */
  #takeWaiting(maxBytes: number): Entry[] {
    const entries: Entry[] = []
    const maxEntries = maxBytes === Infinity ? Infinity : MAX_BATCH_ENTRIES
    let bytes = 0
    let taken = 0
    for (const entry of this.#waiting) {
      if (entries.length === maxEntries || (entries.length > 0 && bytes + entry.bytes > maxBytes)) break
      taken++
      this.#waitingBytes -= entry.bytes
      if (entry.isOver) continue
      if (maxBytes !== Infinity) entry.say()
      bytes += entry.bytes
      entries.push(entry)
    }
    this.#waiting.splice(0, taken)
    return entries
  }
}

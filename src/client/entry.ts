import { encodePublish, type WireEntry } from "../protocol/native/wire-publish-encode.ts"
import { abortedError, MillraceError } from "./errors.ts"

/** What became of one message or record, as `confirm` says it. */
export type Stored = Readonly<Record<string, unknown>>

/** What a message or record takes besides its value, about. */
const OVERHEAD_BYTES = 64
/** The broker takes 1 MiB and says so; far beyond it a publish would not even get there. */
const MAX_ENTRY_BYTES = 1024 * 1024 + 64 * 1024

/** One message or record on its way. */
export class Entry {
  readonly wire: WireEntry
  /** About what it takes on the wire, and in memory. */
  readonly bytes: number
  /** Where it is to go whatever its key says; null leaves the choice. */
  readonly partition: number | null
  /** Its place among the records of its producer. */
  order = 0
  /** Settled once, by the broker's answer or the caller's signal. */
  readonly stored: Promise<Stored>
  #resolve!: (stored: Stored) => void
  #reject!: (error: MillraceError) => void
  #isSaid = false
  #isOver = false
  #onOver: () => void = () => {}

  /** Throws MillraceError `payload_too_large`, `aborted`. */
  constructor(wire: WireEntry, partition: number | null, signal: AbortSignal | undefined) {
    if (signal?.aborted) throw abortedError(signal)
    this.wire = wire
    this.partition = partition
    this.bytes = sizeOf(wire)
    if (this.bytes > MAX_ENTRY_BYTES) {
      throw new MillraceError("payload_too_large", `A message has at most 1 MiB, and this one ${this.bytes} bytes.`)
    }
    this.stored = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (signal) this.#heed(signal)
  }

  /** Whether there is nothing more to do for it. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Calls `fn` when its outcome is known: its place and bytes are free. */
  whenOver(fn: () => void): void {
    this.#onOver = fn
  }

  /** From now on the caller's signal can't take it back. */
  say(): void {
    this.#isSaid = true
  }

  /** It is stored. */
  resolve(stored: Stored): void {
    this.#end(() => this.#resolve(stored))
  }

  /** It is not, or will never be known to be. */
  reject(error: MillraceError): void {
    this.#end(() => this.#reject(error))
  }

  /** Its caller hears of it first: whoever waits until all are over finds them all answered. */
  #end(settle: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    settle()
    this.#onOver()
  }

  #heed(signal: AbortSignal): void {
    const abort = (): void => {
      // what was said may be stored: it keeps its place in the sequence, and only its caller stops waiting
      if (this.#isSaid) this.#reject(abortedError(signal))
      else this.reject(abortedError(signal))
    }
    const deafen = (): void => signal.removeEventListener("abort", abort)
    signal.addEventListener("abort", abort)
    this.stored.then(deafen, deafen)
  }
}

/** The batch of a publish. */
export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  return encodePublish(entries.map(({ wire }) => wire))
}

function sizeOf({ key, value, headers }: WireEntry): number {
  let bytes = OVERHEAD_BYTES + value.length + (key?.length ?? 0)
  for (const header of headers) bytes += header.name.length + header.value.length + 2
  return bytes
}

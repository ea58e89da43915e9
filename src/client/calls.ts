import { abortedError, errorOf, type MillraceError } from "./errors.ts"
import type { OutFrame, ServerFrame } from "./frames.ts"

/** What goes with a call. */
export interface CallOptions {
  /** Of a frame that says `"batch":true`. */
  readonly batch?: Uint8Array | null
  readonly signal?: AbortSignal
}

interface Call {
  readonly text: string
  readonly batch: Uint8Array | null
  readonly bytes: number
  isSaid: boolean
  readonly resolve: (answer: ServerFrame) => void
  readonly reject: (error: MillraceError) => void
  /** Nobody listens to the caller's signal any more. */
  deafen: () => void
}

/** The broker takes 16 MiB of what it has not answered: half leaves room for everything else on the socket. */
const MAX_UNANSWERED_BYTES = 8 * 1024 * 1024
const FRAME_BYTES = 256

/** The frames of a connection that are answered: each is said until it is. */
export class Calls {
  readonly #say: (text: string, batch: Uint8Array | null) => void
  /** In the order in which they are said, also when that happens again. */
  readonly #calls = new Map<number, Call>()
  #unsaid: Call[] = []
  #nextRef = 0
  #unansweredBytes = 0
  #isOpen = false

  constructor(say: (text: string, batch: Uint8Array | null) => void) {
    this.#say = say
  }

  /** Says a frame, when there is a socket and room. */
  call(frame: OutFrame, { batch = null, signal }: CallOptions): Promise<ServerFrame> {
    if (signal?.aborted) return Promise.reject(abortedError(signal))
    const ref = this.#nextRef++
    const text = JSON.stringify({ ...frame, ref })
    const bytes = text.length + (batch?.length ?? 0) + FRAME_BYTES
    return new Promise((resolve, reject) => {
      const call: Call = { text, batch, bytes, isSaid: false, resolve, reject, deafen: () => {} }
      this.#calls.set(ref, call)
      if (signal) this.#heed(signal, ref, call)
      this.#unsaid.push(call)
      this.#sayMore()
    })
  }

  /** There is a new socket: everything that is unanswered is said on it. */
  sayAll(): void {
    this.#isOpen = true
    this.#unsaid = [...this.#calls.values()]
    this.#sayMore()
  }

  /** The socket is gone. */
  interrupted(): void {
    this.#isOpen = false
    this.#unansweredBytes = 0
    for (const call of this.#calls.values()) call.isSaid = false
  }

  /** An answer came. */
  answered(ref: number, frame: ServerFrame): void {
    const call = this.#calls.get(ref)
    if (!call) return
    this.#forget(ref, call)
    if (frame.type === "error") call.reject(errorOf(frame["problem"]))
    else call.resolve(frame)
  }

  /** Nothing will be answered any more. */
  close(error: MillraceError): void {
    this.#isOpen = false
    for (const call of this.#calls.values()) {
      call.deafen()
      call.reject(error)
    }
    this.#calls.clear()
    this.#unsaid = []
  }

  #heed(signal: AbortSignal, ref: number, call: Call): void {
    const abort = (): void => {
      this.#forget(ref, call)
      this.#unsaid = this.#unsaid.filter((other) => other !== call)
      call.reject(abortedError(signal))
    }
    signal.addEventListener("abort", abort)
    call.deafen = () => signal.removeEventListener("abort", abort)
  }

  #forget(ref: number, call: Call): void {
    this.#calls.delete(ref)
    call.deafen()
    if (!call.isSaid) return
    this.#unansweredBytes -= call.bytes
    this.#sayMore()
  }

  #sayMore(): void {
    if (!this.#isOpen) return
    let said = 0
    for (const call of this.#unsaid) {
      if (this.#unansweredBytes > 0 && this.#unansweredBytes + call.bytes > MAX_UNANSWERED_BYTES) break
      this.#unansweredBytes += call.bytes
      call.isSaid = true
      this.#say(call.text, call.batch)
      said++
    }
    if (said > 0) this.#unsaid.splice(0, said)
  }
}

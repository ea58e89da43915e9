import type { Channel } from "../../../src/client/connection.ts"
import type { OutFrame, ServerFrame } from "../../../src/client/frames.ts"

/** One call that waits for its answer. */
export interface ScriptedCall {
  readonly frame: OutFrame
  answer(members: object): void
  refuse(error: unknown): void
}

/** A connection whose broker is the test: it sees what was said, and says what comes. */
export class Script {
  readonly closing = new AbortController().signal
  readonly beforeClose = new Set<() => Promise<unknown>>()
  readonly said: OutFrame[] = []
  readonly calls: ScriptedCall[] = []
  readonly #channels = new Map<number, Channel>()
  #nextSub = 0

  open(channel: Channel): number {
    const sub = this.#nextSub++
    this.#channels.set(sub, channel)
    this.said.push(channel.begin(sub))
    return sub
  }

  say(frame: OutFrame): void {
    this.said.push(frame)
  }

  release(sub: number): void {
    this.#channels.delete(sub)
  }

  call(frame: OutFrame): Promise<ServerFrame> {
    return new Promise((resolve, reject) => {
      this.calls.push({ frame, answer: (members) => resolve({ type: "answer", ...members }), refuse: reject })
    })
  }

  /** The broker says something about a number. */
  tell(frame: ServerFrame & { readonly sub: number }, batch: Uint8Array | null = null): void {
    this.#channels.get(frame.sub)?.received(frame, batch)
  }

  /** The socket breaks; `reconnect` opens the next. */
  interrupt(): void {
    for (const channel of this.#channels.values()) channel.interrupted()
  }

  reconnect(): void {
    for (const [sub, channel] of this.#channels) this.said.push(channel.begin(sub))
  }

  /** What was said since this was asked last. */
  news(): OutFrame[] {
    return this.said.splice(0)
  }
}

/** A problem as the broker words it. */
export function problemOf(code: string, data: object = {}): object {
  return { type: `/problems/${code}`, title: code, status: 409, code, detail: code, ...data }
}

/** Lets everything happen that needs no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

import { createHash } from "node:crypto"
import { currentHost } from "./host.ts"
import type { CallOff } from "./loop.ts"
import type { Platform } from "./platform.ts"
import { SimWebSocketPair } from "./sim-web-socket.ts"
import { SimResponse } from "./sim-response.ts"

interface Timer {
  callOff: CallOff
  readonly unpin: () => void
}

/** Timers of one platform, each of the host that set it, and gone with it. */
class Timers {
  readonly #platform: Platform
  readonly #timers = new Map<number, Timer>()
  #lastId = 0

  constructor(platform: Platform) {
    this.#platform = platform
  }

  set(action: () => void, ms: number | undefined, repeats: boolean): number {
    const id = ++this.#lastId
    const host = currentHost()
    // a timer of no time takes a millisecond
    const waitMs = Math.max(1, Math.trunc(ms ?? 0) || 0)
    const fire = (): void => {
      if (host?.isAlive === false) return
      if (repeats) timer.callOff = this.#platform.loop.after(waitMs, fire)
      else this.#end(id)
      if (host === null) action()
      else host.enter(() => host.run(action))
    }
    host?.pin()
    const timer: Timer = { callOff: this.#platform.loop.after(waitMs, fire), unpin: () => host?.unpin() }
    this.#timers.set(id, timer)
    return id
  }

  clear(id: unknown): void {
    if (typeof id !== "number") return
    this.#timers.get(id)?.callOff()
    this.#end(id)
  }

  #end(id: number): void {
    this.#timers.get(id)?.unpin()
    this.#timers.delete(id)
  }
}

/** Replaces what the process knows of time, chance and sockets by the platform's; returns what undoes it. */
export function installGlobals(platform: Platform): () => void {
  const timers = new Timers(platform)
  const undo = [
    replace(Date, { now: () => platform.wallClock(currentHost()?.clockOffsetMs) }),
    replace(performance, { now: () => platform.loop.now }),
    replace(Math, { random: () => platform.random.next() }),
    replace(crypto, {
      getRandomValues: (values: Uint8Array) => fillRandomly(values, platform),
      randomUUID: () => randomUuid(platform),
    }),
    replace(crypto.subtle, { digest: async (_: "SHA-256", bytes: Uint8Array) => sha256(bytes) }),
    replace(console, { error: (...said: unknown[]) => logged(platform, said) }),
    replace(globalThis, {
      setTimeout: (action: () => void, ms?: number) => timers.set(action, ms, false),
      setInterval: (action: () => void, ms?: number) => timers.set(action, ms, true),
      clearTimeout: (id: unknown) => timers.clear(id),
      clearInterval: (id: unknown) => timers.clear(id),
      WebSocketPair: SimWebSocketPair,
      Response: SimResponse,
    }),
  ]
  return () => {
    for (const each of undo) each()
  }
}

function replace(owner: object, members: Record<string, unknown>): () => void {
  const names = Object.keys(members)
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(owner, name)] as const)
  for (const name of names) {
    Object.defineProperty(owner, name, { value: members[name], configurable: true, writable: true })
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(owner, name, descriptor)
      else Reflect.deleteProperty(owner, name)
    }
  }
}

function fillRandomly<Values extends ArrayBufferView>(values: Values, platform: Platform): Values {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  for (let at = 0; at < bytes.length; at++) bytes[at] = platform.random.between(0, 255)
  return values
}

/** Of version 4, with the variant's one digit. */
function randomUuid({ random }: Platform): string {
  const digits = (count: number): string =>
    Array.from({ length: count }, () => random.between(0, 15).toString(16)).join("")
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`
}

/** At once: the real one comes back from another thread, at a time of its own. */
function sha256(bytes: Uint8Array): ArrayBuffer {
  const digest = createHash("sha256").update(bytes).digest()
  return new Uint8Array(digest).buffer
}

/** What the broker reports: lost answers are the network's, all else is a bug. What is gone has nothing to say. */
function logged(platform: Platform, said: readonly unknown[]): void {
  const host = currentHost()
  const who = host?.name ?? "client"
  const text = said.map((each) => (each instanceof Error ? (each.stack ?? each.message) : String(each))).join(" ")
  const isLost = said.some((each) => each instanceof Error && "remote" in each)
  const isReported =
    text.includes('"object_call_failed"') ||
    text.includes('"object_socket_failed"') ||
    text.includes('"group_call_failed"')
  if (isLost || isReported || host?.isAlive === false) platform.note(who, text)
  else platform.fail(who, text)
}

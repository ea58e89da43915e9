import { copyOf } from "./copy-of.ts"
import { currentHost, type Host } from "./host.ts"
import type { Instance } from "./instance.ts"
import { networkLost, objectReset, tooMuch } from "./lost-call.ts"
import type { Platform } from "./platform.ts"
import type { SimObject } from "./sim-object.ts"
import { SimRequest } from "./sim-request.ts"
import { SimResponse } from "./sim-response.ts"
import { SimWebSocket } from "./sim-web-socket.ts"

type Method = (...values: unknown[]) => unknown

/** A call on its way, or its answer. */
interface Call {
  readonly caller: Host
  readonly method: string
  readonly values: readonly unknown[]
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** What reaches one object. Its calls keep their order; after one that was lost it is of no more use. */
class Stub {
  readonly #platform: Platform
  readonly #object: SimObject
  #lastArrivalAt = 0
  #isBroken = false

  constructor(object: SimObject) {
    this.#platform = object.platform
    this.#object = object
  }

  call(method: string, values: readonly unknown[]): Promise<unknown> {
    return this.#call(method, copyOf(values))
  }

  /** A request for a socket: `init` has no body. */
  fetch(url: string, { method = "GET", headers }: RequestInit): Promise<unknown> {
    const parts = { method, headers: headers as Record<string, string>, body: null }
    return this.#call("fetch", [new SimRequest(url, parts)])
  }

  #call(method: string, values: readonly unknown[]): Promise<unknown> {
    const caller = currentHost()
    if (caller === null) throw new Error("only Workers and objects call objects")
    caller.pin()
    return new Promise((resolve, reject) => {
      const call = { caller, method, values, resolve, reject }
      caller.output(() => this.#send(call))
    })
  }

  #send(call: Call): void {
    const { loop, profile, counts } = this.#platform
    counts.calls++
    if (this.#isBroken || this.#platform.strikes("lostCall")) return this.#lose(call)
    if (this.#platform.strikes("overloaded")) return this.#fail(call, tooMuch())
    const travelMs = this.#platform.travelMs(profile.delays.objectMs)
    this.#lastArrivalAt = Math.max(this.#lastArrivalAt, loop.now + travelMs)
    loop.at(this.#lastArrivalAt, () => {
      this.#object.admit("event", {
        run: (instance) => this.#execute(call, instance),
        lost: () => this.#fail(call, objectReset()),
      })
    })
  }

  #execute(call: Call, instance: Instance): void {
    this.#platform.note(instance.name, call.method)
    const underWay = { lost: () => this.#fail(call, objectReset()) }
    instance.underWay.add(underWay)
    instance.pin()
    void this.#finish(call, instance, (send) => {
      instance.output(() => {
        instance.underWay.delete(underWay)
        instance.unpin()
        // it may be the last that kept the object in memory
        this.#platform.noteActive(this.#object)
        send()
      })
    })
  }

  async #finish(call: Call, instance: Instance, leave: (send: () => void) => void): Promise<void> {
    const { target } = instance
    try {
      const value = await instance.run(async () =>
        (target[call.method as keyof typeof target] as Method)(...call.values),
      )
      const copy = value instanceof SimResponse ? value : copyOf(value)
      leave(() => this.#reply(call, copy))
    } catch (error) {
      if (instance.isAlive) this.#platform.fail(instance.name, error)
      leave(() => this.#fail(call, withoutClass(error)))
    }
  }

  #reply(call: Call, value: unknown): void {
    const socket = value instanceof SimResponse && value.webSocket instanceof SimWebSocket ? value.webSocket : null
    // until it arrives it belongs to nobody
    socket?.end.belongTo(null)
    if (this.#platform.strikes("lostReply")) {
      socket?.end.abandon()
      return this.#lose(call)
    }
    const settle = (): void => {
      socket?.end.belongTo(call.caller)
      call.resolve(value)
    }
    this.#answer(call, settle, () => socket?.end.abandon())
  }

  #lose(call: Call): void {
    this.#isBroken = true
    this.#platform.note(this.#object.name, `${call.method} is lost`)
    this.#fail(call, networkLost())
  }

  #fail(call: Call, error: Error): void {
    this.#answer(
      call,
      () => call.reject(error),
      () => {},
    )
  }

  /** Settles a call after the way back, or drops it where nobody is there any more. */
  #answer({ caller }: Call, settle: () => void, drop: () => void): void {
    const { loop, profile } = this.#platform
    loop.after(this.#platform.travelMs(profile.delays.objectMs), () => {
      if (!caller.isAlive) return drop()
      caller.enter(() => {
        caller.unpin()
        settle()
      })
    })
  }
}

/** A stub as the program gets it: every property is a method of the object. */
export function stubOf(object: SimObject): object {
  const stub = new Stub(object)
  return new Proxy(stub, {
    get: (_, name) => {
      // else an await would take it for a promise
      if (typeof name !== "string" || name === "then") return undefined
      if (name === "fetch") return (url: string, init: RequestInit) => stub.fetch(url, init)
      return (...values: unknown[]) => stub.call(name, values)
    },
  })
}

/** As it comes over a call: the message, and that it was not thrown here. */
function withoutClass(error: unknown): Error {
  return Object.assign(new Error(error instanceof Error ? error.message : String(error)), { remote: true })
}

import { afterEach, expect } from "vitest"
import { type Client, connect, type ConnectOptions } from "../../src/client/index.ts"
import type { TestBrokerOptions } from "./broker.ts"
import { type CutProxy, startCutProxy } from "./cut-proxy.ts"
import { HttpScene } from "./http.ts"

/** A broker, and clients of it that are closed with the test that opened them. */
export class ClientScene extends HttpScene {
  readonly #clients = new Set<Client>()
  readonly #proxies = new Set<CutProxy>()
  #groups = 0

  /** As for an HttpScene. */
  constructor(options: TestBrokerOptions = {}) {
    super(options)
    afterEach(async () => {
      await Promise.all([...this.#clients].map((client) => client.close({ timeoutMs: 0 })))
      await Promise.all([...this.#proxies].map((proxy) => proxy.close()))
      this.#clients.clear()
      this.#proxies.clear()
    })
  }

  /** A client that is connected; to the broker itself unless told. */
  async connect(options: Partial<ConnectOptions> = {}): Promise<Client> {
    const client = await connect({ url: this.broker.url, token: this.broker.token, ...options })
    this.#clients.add(client)
    return client
  }

  /** A proxy in front of the broker. */
  async proxy(): Promise<CutProxy> {
    const proxy = await startCutProxy(() => this.broker.url)
    this.#proxies.add(proxy)
    return proxy
  }

  /** The name of a new queue. */
  async queueName(settings: object = {}): Promise<string> {
    return nameIn(await this.queue(settings))
  }

  /** The name of a new topic. */
  async topicName(settings: object = {}): Promise<string> {
    return nameIn(await this.topic(settings))
  }

  /** A topic and a consumer group that reads it from its beginning. */
  async topicWithGroup(partitions: number, settings: object = {}): Promise<{ topic: string; group: string }> {
    const group = `group-${this.#groups++}`
    const made = await this.put(`/v1/groups/${group}`, { autoOffsetReset: "earliest", ...settings })
    expect(made.status).toBe(201)
    return { topic: await this.topicName({ partitions }), group }
  }

  /** What a group has committed, by partition. */
  async committed(group: string): Promise<(number | null)[]> {
    const { body } = await this.get(`/v1/groups/${group}/offsets`)
    const { partitions } = body as { partitions: { partition: number; committedOffset: number | null }[] }
    return partitions
      .toSorted((one, other) => one.partition - other.partition)
      .map(({ committedOffset }) => committedOffset)
  }
}

/** Resolves when a client has come to a state again. */
export function stateWatch(): {
  readonly onStateChange: (state: string) => void
  readonly next: (state: string) => Promise<void>
} {
  let waiting: { state: string; resolve: () => void }[] = []
  return {
    onStateChange(state) {
      for (const one of waiting) if (one.state === state) one.resolve()
      waiting = waiting.filter((one) => one.state !== state)
    },
    next: (state) => new Promise((resolve) => waiting.push({ state, resolve })),
  }
}

/** A promise, and what resolves it. */
export function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { given: promise, give: resolve }
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1)
}

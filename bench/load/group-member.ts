import type { Target } from "./jobs.ts"

/** How long a heartbeat waits for news. */
const WAIT_MS = 5_000

interface View {
  readonly memberId: string
  readonly assigned: readonly Place[]
  readonly waiting: boolean
}
interface Place {
  readonly topic: string
  readonly partition: number
}

/** A member over HTTP that does nothing but follow what it is told: it gives up at once what it is asked for. */
export class GroupMember {
  /** Since the last `count`, with the one that was under way then. */
  calls = 0
  /** Whether nothing is on its way to it; what it is asked for it gives up with its next heartbeat. */
  isSteady = false
  #owned: readonly Place[] = []
  readonly #target: Target
  readonly #group: string
  readonly #changed: () => void
  readonly #stopped = new AbortController()
  #memberId = ""

  /** `changed` is called whenever it hears something. */
  constructor(target: Target, group: string, changed: () => void) {
    this.#target = target
    this.#group = group
    this.#changed = changed
  }

  get partitions(): number {
    return this.#owned.length
  }

  /** Counts calls from here on; one that waits is the first. */
  count(): void {
    this.calls = 1
  }

  /** Joins, and goes on until it leaves or stops; throws where it is not answered. */
  async run(topic: string): Promise<void> {
    this.#adopt(await this.#ask("POST", "", { topics: [topic] }))
    while (!this.#stopped.signal.aborted) {
      const view = await this.#heartbeat()
      if (view) this.#adopt(view)
    }
  }

  async leave(): Promise<void> {
    this.stop()
    await this.#ask("DELETE", `/${this.#memberId}`, null)
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #heartbeat(): Promise<View | null> {
    try {
      const body = { owned: this.#owned, waitMs: WAIT_MS }
      return await this.#ask("POST", `/${this.#memberId}/heartbeat`, body, this.#stopped.signal)
    } catch (error) {
      if (this.#stopped.signal.aborted) return null
      throw error
    }
  }

  #adopt({ memberId, assigned, waiting }: View): void {
    this.#memberId = memberId
    this.#owned = assigned.map(({ topic, partition }) => ({ topic, partition }))
    this.isSteady = !waiting
    this.#changed()
  }

  async #ask(method: string, path: string, body: object | null, signal: AbortSignal | null = null): Promise<View> {
    this.calls++
    const { url, token } = this.#target
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const init = { method, headers, signal, body: body && JSON.stringify(body) }
    const answer = await fetch(`${url}/v1/groups/${this.#group}/members${path}`, init)
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.status === 204 ? NOTHING : ((await answer.json()) as View)
  }
}

const NOTHING: View = { memberId: "", assigned: [], waiting: false }

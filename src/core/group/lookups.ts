import { FIRST_GRANT_RETRY_MS, GROUP_METADATA_TTL_MS, LAST_GRANT_RETRY_MS, MAX_CALL_WAIT_MS } from "../limits.ts"
import type { TopicLookup } from "./coordination.ts"

/** When the catalog is asked, and about what beside the subscriptions. One question at a time. */
export class Lookups {
  #asking: { readonly question: TopicLookup; readonly askedAt: number; readonly isFirst: boolean } | null = null
  /** Whether names or patterns came up that were never asked about. */
  #hasNew = false
  /** Topics that a partition seems to know better, and whether the answer under way counts. */
  readonly #suspects = new Map<string, "unasked" | "asked">()
  #answeredAt = 0
  #notBefore = 0
  #failures = 0

  /** Something came up that was never asked about. */
  wantNew(): void {
    this.#hasNew = true
  }

  /** What is known of a topic is outdated. */
  suspect(topic: string): void {
    this.#suspects.set(topic, "unasked")
  }

  isSuspect(topic: string): boolean {
    return this.#suspects.has(topic)
  }

  get suspects(): Iterable<string> {
    return this.#suspects.keys()
  }

  /** Whether a first answer is still to be expected: what is decided without it would soon be decided again. */
  get isFirstUnderWay(): boolean {
    return this.#failures === 0 && (this.#hasNew || (this.#asking?.isFirst ?? false))
  }

  /** When to ask, or null. */
  dueAt(isPeriodic: boolean): number | null {
    if (this.#asking) return this.#asking.askedAt + MAX_CALL_WAIT_MS
    if (this.#hasNew) return this.#notBefore
    if (this.#suspects.size > 0) return Math.max(this.#notBefore, this.#answeredAt + FIRST_GRANT_RETRY_MS)
    return isPeriodic ? Math.max(this.#notBefore, this.#answeredAt + GROUP_METADATA_TTL_MS) : null
  }

  /**
   * When to ask even if nobody calls, or null. What is only asked from time to time needs no alarm, which is a row: it
   * goes with the commits of heartbeats, and without those the members are out.
   */
  get deadlineAt(): number | null {
    const isNeeded = this.#hasNew || this.#suspects.size > 0 || (this.#asking?.isFirst ?? false)
    return isNeeded ? this.dueAt(false) : null
  }

  /** Notes what is asked now. */
  ask(question: TopicLookup, now: number): TopicLookup {
    this.#asking = { question, askedAt: now, isFirst: this.#hasNew || (this.#asking?.isFirst ?? false) }
    this.#hasNew = false
    for (const topic of this.#suspects.keys()) this.#suspects.set(topic, "asked")
    return question
  }

  /** There is nothing to ask about. */
  skip(now: number): null {
    this.#hasNew = false
    this.#answeredAt = now
    return null
  }

  /** The answer to `question` came, or word that there is none. Answers whether it is the one that was waited for. */
  answered(question: TopicLookup, isAnswer: boolean, now: number): boolean {
    if (this.#asking?.question !== question) return false
    const { isFirst } = this.#asking
    this.#asking = null
    if (!isAnswer) {
      this.#hasNew ||= isFirst
      this.#notBefore = now + Math.min(FIRST_GRANT_RETRY_MS * 2 ** this.#failures, LAST_GRANT_RETRY_MS)
      this.#failures++
      return true
    }
    this.#failures = 0
    this.#notBefore = 0
    this.#answeredAt = now
    for (const [topic, state] of this.#suspects) if (state === "asked") this.#suspects.delete(topic)
    return true
  }
}

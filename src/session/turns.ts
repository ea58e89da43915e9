/** What is to be done in its turn. Must not reject. */
type Step = () => Promise<void>

const NOTHING = Promise.resolve()

/** Steps that share a key are done one after the other, in the order in which they were given; others side by side. */
export class Turns {
  /** The last step of each key that is not done. */
  readonly #last = new Map<string, Promise<void>>()

  /** Runs `step` once all is done that was given before under one of `keys`. */
  run(keys: readonly string[], step: Step): void {
    const before = keys.map((key) => this.#last.get(key) ?? NOTHING)
    const done = this.#after(before, step)
    for (const key of keys) this.#last.set(key, done)
    void this.#forget(keys, done)
  }

  /** What is not done yet under keys that begin with `prefix`: the rest of each key, and when it is done. */
  unfinished(prefix: string): Map<string, Promise<void>> {
    const found = new Map<string, Promise<void>>()
    for (const [key, done] of this.#last) if (key.startsWith(prefix)) found.set(key.slice(prefix.length), done)
    return found
  }

  async #after(before: readonly Promise<void>[], step: Step): Promise<void> {
    await Promise.all(before)
    await step()
  }

  async #forget(keys: readonly string[], done: Promise<void>): Promise<void> {
    await done
    for (const key of keys) if (this.#last.get(key) === done) this.#last.delete(key)
  }
}

/** The key of what is said of a member, or by those who commit to a group without being one. */
export function memberKey(group: string, memberId: string | null): string {
  return `${group}/${memberId ?? ""}`
}

/** What the key of a member's commit to a partition begins with; the partition's `placeKey` follows. */
export function commitPrefix(group: string, memberId: string | null): string {
  return `${memberKey(group, memberId)}/`
}

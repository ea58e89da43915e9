import { MAX_GROUP_PATTERNS } from "../limits.ts"
import { compilePattern } from "./glob.ts"
import type { Topic } from "./topic.ts"

interface Match {
  readonly test: (name: string) => boolean
  readonly topics: Set<Topic>
}

/** Which topics each pattern matches: found out once, and kept while topics come and go. */
export class PatternMatches {
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #byPattern = new Map<string, Match>()

  constructor(topics: ReadonlyMap<string, Topic>) {
    this.#topics = topics
  }

  of(pattern: string): ReadonlySet<Topic> {
    return this.#match(pattern).topics
  }

  isMatch(pattern: string, name: string): boolean {
    return this.#match(pattern).test(name)
  }

  add(topic: Topic): void {
    for (const { test, topics } of this.#byPattern.values()) if (test(topic.name)) topics.add(topic)
  }

  remove(topic: Topic): void {
    for (const { topics } of this.#byPattern.values()) topics.delete(topic)
  }

  #match(pattern: string): Match {
    const known = this.#byPattern.get(pattern)
    if (known) return known
    // those that nobody wants any more are not told apart
    if (this.#byPattern.size >= 2 * MAX_GROUP_PATTERNS) this.#byPattern.clear()
    const test = compilePattern(pattern)
    const match = { test, topics: new Set([...this.#topics.values()].filter(({ name }) => test(name))) }
    this.#byPattern.set(pattern, match)
    return match
  }
}

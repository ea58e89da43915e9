import { describe, expect, it } from "vitest"
import { type Outcome, pipelined, type PipelineParts } from "../../../src/cli/pipeline.ts"
import { MillraceError } from "../../../src/client/index.ts"

const never = new AbortController().signal
const bytesOf = (): number => 1

async function all<Item, Answer>(parts: PipelineParts<Item, Answer>): Promise<Outcome<Item, Answer>[]> {
  const outcomes: Outcome<Item, Answer>[] = []
  for await (const outcome of pipelined(parts)) outcomes.push(outcome)
  return outcomes
}

describe("sending one after the other", () => {
  it("answers in order, and refusals are answers", async () => {
    const refused = new MillraceError("queue_full", "full")
    const send = (item: number): Promise<number> => (item === 2 ? Promise.reject(refused) : Promise.resolve(item * 10))
    expect(await all({ items: [1, 2, 3], send, bytesOf, signal: never })).toEqual([
      { item: 1, answer: 10 },
      { item: 2, error: refused },
      { item: 3, answer: 30 },
    ])
  })

  it("does not wait for answers, and never has too many unanswered", async () => {
    let unanswered = 0
    let most = 0
    const send = async (): Promise<void> => {
      most = Math.max(most, ++unanswered)
      await new Promise(setImmediate)
      unanswered -= 1
    }
    const items = Array.from({ length: 10_000 }).keys()
    expect(await all({ items, send, bytesOf, signal: never })).toHaveLength(10_000)
    expect(most).toBeGreaterThan(100)
    expect(most).toBeLessThanOrEqual(2_000)
  })

  it("never has too much unanswered, however large one is", async () => {
    let unanswered = 0
    let most = 0
    const send = async (size: number): Promise<void> => {
      most = Math.max(most, (unanswered += size))
      await new Promise(setImmediate)
      unanswered -= size
    }
    const items = [20, 5, 5, 5, 5, 1].map((size) => size * 1024 * 1024)
    expect(await all({ items, send, bytesOf: (size) => size, signal: never })).toHaveLength(6)
    expect(most).toBe(20 * 1024 * 1024)
  })

  it("gives an answer as soon as it is there, also where the next item is not", async () => {
    const more = Promise.withResolvers<void>()
    async function* items(): AsyncGenerator<number> {
      yield 1
      await more.promise
      yield 2
    }
    const outcomes = pipelined({ items: items(), send: (item) => Promise.resolve(item), bytesOf, signal: never })
    expect((await outcomes.next()).value).toEqual({ item: 1, answer: 1 })
    more.resolve()
    expect((await outcomes.next()).value).toEqual({ item: 2, answer: 2 })
    expect((await outcomes.next()).done).toBe(true)
  })

  it("waits where the next one must not overtake", async () => {
    const log: string[] = []
    const send = async (item: string): Promise<void> => {
      log.push(`+${item}`)
      await new Promise(setImmediate)
      log.push(`-${item}`)
    }
    const waitsFor = (item: string, before: string): boolean => item !== before
    await all({ items: ["a", "a", "b"], send, bytesOf, waitsFor, signal: never })
    expect(log).toEqual(["+a", "+a", "-a", "-a", "+b", "-b"])
  })

  it("input that makes no sense ends it, when what was before is answered", async () => {
    async function* items(): AsyncGenerator<number> {
      yield 1
      await Promise.resolve()
      throw new Error("line 2 makes no sense")
    }
    const outcomes = pipelined({ items: items(), send: (item) => Promise.resolve(item), bytesOf, signal: never })
    expect((await outcomes.next()).value).toEqual({ item: 1, answer: 1 })
    await expect(outcomes.next()).rejects.toThrow("line 2")
  })

  it.each(["closed", "not_found", "forbidden"] as const)(
    "%s ends it, and the others that fail by that are no news",
    async (code) => {
      const send = (): Promise<never> => Promise.reject(new MillraceError(code, "over"))
      await expect(all({ items: [1, 2, 3], send, bytesOf, signal: never })).rejects.toThrow("over")
    },
  )

  it("an aborted signal ends it", async () => {
    const send = (item: number): Promise<number> => Promise.resolve(item)
    await expect(all({ items: [1], send, bytesOf, signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
  })

  it("sends nothing more once nobody takes the answers", async () => {
    const sent: number[] = []
    const send = (item: number): Promise<void> => Promise.resolve(void sent.push(item))
    const items = Array.from({ length: 10_000 }).keys()
    for await (const _ of pipelined({ items, send, bytesOf, signal: never })) break
    const count = sent.length
    await new Promise(setImmediate)
    expect(sent).toHaveLength(count)
    expect(count).toBeLessThanOrEqual(2_001)
  })
})

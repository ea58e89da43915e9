import fc from "fast-check"
import { expect } from "vitest"
import type { ShareSettings, ShareSettlement, ShareStatistics } from "../../../src/core/stream/share/commands.ts"
import type { TopicSettings } from "../../../src/core/stream/settings.ts"
import { ReferenceShare, type ReferenceLog } from "./reference.ts"
import { ShareScene } from "./scene.ts"
import { DEFAULT_SHARE_SETTINGS, type Received } from "./scene-records.ts"

/** The two groups of a history, which must not disturb each other. */
const GROUPS = ["a", "b"] as const
type Group = (typeof GROUPS)[number]

const KINDS = ["ack", "ack", "ack", "nack", "nack", "fault-free", "reject", "extend", "undelivered"] as const

/** One thing that happens. Numbers are picked from what there is. */
export type Step =
  /** Bodies that are long end their row: only then can retention and compaction take it. */
  | { readonly do: "append"; readonly keys: readonly (string | null)[]; readonly isLong: boolean }
  | { readonly do: "receive"; readonly group: Group; readonly max: number; readonly lockMs: number | null }
  | {
      readonly do: "settle"
      readonly group: Group
      readonly kind: (typeof KINDS)[number]
      readonly pick: number
      readonly count: number
      readonly ms: number | null
    }
  | { readonly do: "trim"; readonly share: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "restart" }
  | { readonly do: "crash"; readonly group: Group; readonly pick: number }
  | { readonly do: "change"; readonly group: Group; readonly maxDeliveries: number | null; readonly maxLocks: number }

const LONG_BYTES = 5_000

const group = fc.constantFrom(...GROUPS)
const ms = fc.constantFrom(null, 0, 1, 700, 5_000)

const STEPS: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      keys: fc.array(fc.constantFrom(null, "x", "y", "z", "u"), { minLength: 1, maxLength: 12 }),
      isLong: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("receive" as const),
      group,
      max: fc.integer({ min: 1, max: 10 }),
      lockMs: fc.constantFrom(null, 400, 20_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      group,
      kind: fc.constantFrom(...KINDS),
      pick: fc.nat(),
      count: fc.constantFrom(1, 1, 2, 5, 12),
      ms,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("trim" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 400, 3_000, 40_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), group, pick: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      group,
      maxDeliveries: fc.constantFrom(null, 1, 2, 4),
      maxLocks: fc.constantFrom(1, 6, 40),
    }),
  },
)

const SETTINGS = fc.record({
  maxDeliveries: fc.constantFrom(null, 1, 2, 4),
  maxLocks: fc.constantFrom(3, 10, 40),
  ordering: fc.constantFrom("none", "key"),
  retryDelay: fc.constantFrom(
    { kind: "constant", delayMs: 0 } as const,
    { kind: "linear", stepMs: 300, maxMs: 600 } as const,
  ),
  deadLetter: fc.constantFrom(
    null,
    { kind: "queue", queue: "dead" } as const,
    { kind: "topic", topic: "lost" } as const,
  ),
})

/** Runs random histories on a partition with two share groups, and compares each step with plain arrays. */
export function checkAgainstReference(topic: Partial<TopicSettings>, runs: number): void {
  fc.assert(
    fc.property(SETTINGS, SETTINGS, fc.array(STEPS, { maxLength: 60 }), (a, b, steps) => {
      const history = new History(topic, { a, b })
      for (const step of steps) history.run(step)
      history.finish()
    }),
    { numRuns: runs },
  )
}

class History {
  readonly #scene: ShareScene
  readonly #log: ReferenceLog = { keys: [], present: new Set(), startOffset: 0 }
  readonly #references = new Map<Group, ReferenceShare>()
  readonly #received = new Map<Group, Received[]>(GROUPS.map((name) => [name, []]))

  constructor(topic: Partial<TopicSettings>, settings: Record<Group, Partial<ShareSettings>>) {
    this.#scene = new ShareScene(topic)
    for (const name of GROUPS) {
      const known = { ...DEFAULT_SHARE_SETTINGS, ...settings[name] }
      expect(this.#scene.open(name, known).ok).toBe(true)
      this.#references.set(name, new ReferenceShare(this.#log, known, 0))
    }
  }

  run(step: Step): void {
    switch (step.do) {
      case "append":
        this.#append(step)
        break
      case "receive":
        this.#receive(step.group, step.max, step.lockMs)
        break
      case "settle":
        this.#settle(step)
        break
      case "trim":
        this.#trim(step.share)
        break
      case "wait":
        this.#wait(step.ms)
        break
      case "restart":
        this.#scene.restart()
        break
      case "crash":
        this.#crash(step)
        break
      case "change":
        this.#scene.change(step.group, { maxDeliveries: step.maxDeliveries, maxLocks: step.maxLocks })
        break
    }
    this.#compare()
  }

  /** Everything that is left is delivered at last, and every offset is accounted for. */
  finish(): void {
    const scene = this.#scene
    for (const name of GROUPS) {
      const isDone = ({ startOffset, endOffset }: ShareStatistics): boolean => startOffset === endOffset
      for (let round = 0; !isDone(scene.statistics(name)); round++) {
        if (round > 3_000) throw new Error("records that are never delivered")
        this.#wait(1_000)
        for (const record of this.#receive(name, 10, null)) {
          const settled = scene.ack(name, record)
          expect(settled).toEqual([this.#reference(name).settle("ack", { ...record, count: 1 }, null, scene.now)])
        }
        this.#compare()
      }
      const { accepted, deadLettered, dropped, missing, endOffset } = scene.statistics(name)
      expect(accepted + deadLettered + dropped + missing).toBe(endOffset)
      expect(this.#reference(name).remaining).toEqual([])
    }
    scene.close()
  }

  #append({ keys, isLong }: Extract<Step, { do: "append" }>): void {
    const from = this.#log.keys.length
    const bodies = keys.map((_, index) => `r${from + index}`.padEnd(isLong ? LONG_BYTES / keys.length : 0))
    this.#scene.append(...keys.map((key, index) => (key === null ? bodies[index]! : { key, body: bodies[index]! })))
    this.#log.keys.push(...keys)
    this.#afterCommit()
  }

  #receive(name: Group, max: number, lockDurationMs: number | null): Received[] {
    this.#learn(name)
    const wanted = this.#reference(name).receive(max, lockDurationMs, this.#scene.now)
    const got = this.#scene.receive(name, max, { lockDurationMs })
    expect(got.map((record) => ({ ...record, body: record.body?.trim() }))).toMatchObject(wanted)
    expect(got).toHaveLength(wanted.length)
    this.#received.get(name)!.push(...got)
    this.#afterCommit()
    return got
  }

  #settle({ group: name, kind, pick, count, ms: wait }: Extract<Step, { do: "settle" }>): void {
    const received = this.#received.get(name)!
    const record = received[received.length - 1 - (pick % Math.min(received.length, 12))]
    if (!record) return
    this.#learn(name)
    const { offset, attempt } = record
    const extendMs = kind === "extend" ? (wait ?? 1_000) : wait
    const expected = this.#reference(name).settle(kind, { offset, attempt, count }, extendMs, this.#scene.now)
    expect(this.#scene.settle(name, settlementOf(kind, this.#scene.receipt(name, record, count), extendMs))).toEqual([
      expected,
    ])
    this.#afterCommit()
  }

  #trim(share: number): void {
    this.#scene.trim(Math.floor(this.#scene.partition.endOffset * share))
    this.#afterCommit()
  }

  /** Goes from one due commit to the next, so that each of them is compared. */
  #wait(waitMs: number): void {
    const scene = this.#scene
    const until = scene.now + waitMs
    for (let at = scene.nextDeadlineAt; at !== null && at <= until; at = scene.nextDeadlineAt) {
      scene.now = Math.max(scene.now, at)
      scene.alarm()
      this.#afterCommit()
    }
    scene.now = until
  }

  #crash({ group: name, pick }: Extract<Step, { do: "crash" }>): void {
    const [record] = this.#received.get(name)!.slice(pick % 7)
    this.#scene.crash(() => {
      this.#scene.append("never")
      this.#scene.receive(name, 3)
      if (record) this.#scene.ack(name, record)
      this.#scene.trim(this.#scene.partition.endOffset)
    })
  }

  /** The first command that tells of newer settings brings them. */
  #learn(name: Group): void {
    const { ordering } = this.#reference(name).settings
    this.#reference(name).settings = { ...this.#scene.termsOf(name).settings, ordering }
  }

  #afterCommit(): void {
    const { partition } = this.#scene
    this.#log.startOffset = partition.startOffset
    // what the log start passed in this commit was gone before anything else was done in it
    this.#log.present = new Set([...this.#log.present].filter((offset) => offset >= partition.startOffset))
    for (const reference of this.#references.values()) reference.expire(this.#scene.now)
    this.#log.present = new Set(this.#scene.offsets())
  }

  #compare(): void {
    for (const name of GROUPS) {
      const reference = this.#reference(name)
      const { delayed, locked, accepted, delivered, deadLettered, dropped } = this.#scene.statistics(name)
      expect({ name, delayed, locked, accepted, delivered, left: deadLettered + dropped }).toEqual({
        name,
        delayed: reference.count("delayed"),
        locked: reference.count("locked"),
        accepted: reference.accepted,
        delivered: reference.delivered,
        left: reference.left.length,
      })
    }
    const letters = this.#scene.outbox()
    expect(letters.map(({ seq }) => seq)).toEqual(letters.map((_, index) => index + 1))
    for (const { body, headers } of letters) expect(body.trim()).toBe(`r${headers["millrace-dead-letter-offset"]}`)
  }

  #reference(name: Group): ReferenceShare {
    return this.#references.get(name)!
  }
}

function settlementOf(
  kind: (typeof KINDS)[number],
  receipt: ShareSettlement["receipt"],
  wait: number | null,
): ShareSettlement {
  switch (kind) {
    case "ack":
    case "undelivered":
      return { kind, receipt }
    case "nack":
    case "fault-free":
      return { kind: "nack", receipt, delayMs: wait, fault: kind === "nack", error: null }
    case "reject":
      return { kind, receipt, error: null }
    case "extend":
      return { kind, receipt, lockDurationMs: wait ?? 0 }
  }
}

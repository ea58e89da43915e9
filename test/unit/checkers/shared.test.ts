import { describe, expect, it } from "vitest"
import { checkHistory } from "../../support/checkers/check-history.ts"
import type { Append, Delivered, Operation, Settle } from "../../support/checkers/history.ts"
import type { Promises, QueuePromise } from "../../support/checkers/promises.ts"
import { sharedGroup, sharedId, sharedSend } from "../../support/checkers/shared.ts"
import { appended, got, settled } from "./build.ts"

const SHARE = "t/g"
const DRAINED_AT = 100_000

/** Rules that are broken where `SHARE` is a share group of the topic `t`, whose dead letters go to `dead`. */
function broken(
  operations: readonly (Operation | Operation[])[],
  ordering: QueuePromise["ordering"] = "standard",
): string[] {
  const queue: QueuePromise = {
    ordering,
    maxDeliveries: 2,
    deadLetterQueue: "dead",
    dedupWindowMs: null,
    dedupScope: "queue",
    retentionMs: null,
    retryDelayMs: 0,
    drainedAt: DRAINED_AT,
  }
  const dead: QueuePromise = { ...queue, ordering: "standard", maxDeliveries: null, deadLetterQueue: null }
  const promises: Promises = { queues: { [SHARE]: queue, dead }, topics: {}, slackMs: 100 }
  return checkHistory({ operations: operations.flat(), outages: [] }, promises).map(({ rule }) => rule)
}

/** An append, which is a send to the share group. */
function shared(values: readonly string[], first: number, rest: Partial<Append> & { key?: string } = {}): Operation[] {
  const append = appended(values, 0, first, rest)
  return [append, sharedSend(SHARE, append)]
}

function locked(value: string, offset: number, at: number, count = 1, rest: Partial<Delivered> = {}): Delivered {
  return got(value, at, count, { queue: SHARE, id: sharedId(0, offset), ...rest })
}

function done(receipt: string, at: number, rest: Partial<Settle> = {}): Settle {
  return settled("ack", receipt, at, { queue: SHARE, ...rest })
}

const keyed = { group: sharedGroup(0, "k") }

describe("sharedSend", () => {
  it("[P1] has a record found that was never handed out", () => {
    expect(broken([shared(["a", "b"], 0), locked("a", 0, 100), done("a/1", 200)])).toEqual(["lost"])
  })

  it("[P1] has a record found that two have at once", () => {
    const other = locked("a", 0, 300, 2, { client: "other" })
    expect(broken([shared(["a"], 0), locked("a", 0, 100), other, done("a/2", 400)])).toEqual(["leased twice"])
  })

  it("[P8] has a record found that came again after it was accepted", () => {
    const again = locked("a", 0, 20_000, 2)
    expect(broken([shared(["a"], 0), locked("a", 0, 100), done("a/1", 200), again])).toContain("delivered after ack")
  })

  it("[P1] has a record found that came as another one", () => {
    expect(broken([shared(["a"], 0), locked("a", 7, 100), done("a/1", 200)])).toContain("phantom")
    expect(broken([locked("a", 0, 100), done("a/1", 200)])).toContain("phantom")
    const refused = { offsets: [] }
    expect(broken([shared(["a"], 0, refused), locked("a", 0, 100), done("a/1", 200)])).toContain("phantom")
  })

  it("[P13] has a record found that was locked too often, and one that left and never arrived", () => {
    const twice = [locked("a", 0, 100), locked("a", 0, 20_000, 2)]
    expect(broken([shared(["a"], 0), ...twice, locked("a", 0, 40_000, 3), done("a/3", 40_100)])).toEqual([
      "dead letters",
    ])
    expect(broken([shared(["a"], 0), ...twice])).toEqual(["dead letters"])
  })

  it("[P23] has a record found that passed an earlier one of its key", () => {
    const rest = [locked("b", 1, 100, 1, { ...keyed, client: "other" }), done("b/1", 200)]
    const late = [locked("a", 0, 300, 1, keyed), done("a/1", 400)]
    expect(broken([shared(["a", "b"], 0, { key: "k" }), ...rest, ...late], "fifo")).toEqual(["order"])
  })

  it("[P1] lets pass a record that was handed out though its append was never answered, and one that was not", () => {
    const unknown = { answeredAt: null, offsets: null }
    expect(broken([shared(["a", "b"], 0, unknown), locked("a", 0, 100), done("a/1", 200)])).toEqual([])
  })

  it("[P7] lets pass a record that came again after its lock, or after an acceptance without an answer", () => {
    const again = [locked("a", 0, 10_200, 2), done("a/2", 10_300)]
    expect(broken([shared(["a"], 0), locked("a", 0, 100), ...again])).toEqual([])
    const unheard = done("a/1", 200, { answeredAt: null, result: null })
    expect(broken([shared(["a"], 0), locked("a", 0, 100), unheard, ...again])).toEqual([])
  })

  it("[P14] lets pass what left as a dead letter of its record", () => {
    const letter = got("a", 30_300, 1, {
      queue: "dead",
      id: "dead-a",
      deadLetter: { source: SHARE, reason: "max_deliveries", deliveryCount: 2 },
    })
    const letterDone = settled("ack", letter.receipt, 30_400, { queue: "dead" })
    const tried = [locked("a", 0, 100), locked("a", 0, 20_000, 2)]
    expect(broken([shared(["a"], 0), ...tried, letter, letterDone])).toEqual([])
  })

  it("[P23] lets pass records of one key that came to one client together, and those of different keys", () => {
    const both = [locked("a", 0, 100, 1, keyed), locked("b", 1, 100, 1, keyed), done("b/1", 200), done("a/1", 220)]
    expect(broken([shared(["a", "b"], 0, { key: "k" }), ...both], "fifo")).toEqual([])
    const others = [
      locked("b", 1, 100, 1, { group: sharedGroup(0, "l") }),
      done("b/1", 200),
      locked("a", 0, 300, 1, keyed),
      done("a/1", 400),
    ]
    expect(broken([shared(["a"], 0, { key: "k" }), shared(["b"], 1, { key: "l" }), ...others], "fifo")).toEqual([])
  })
})

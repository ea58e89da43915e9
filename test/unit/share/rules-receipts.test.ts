import { describe, expect, it } from "vitest"
import { MAX_SHARE_LOCKS } from "../../../src/core/limits.ts"
import type { ShareReceipt } from "../../../src/core/stream/share/commands.ts"
import { ShareScene } from "./scene.ts"
import { NOW } from "./scene-records.ts"

const ack = (receipt: ShareReceipt) => ({ kind: "ack", receipt }) as const

describe("a receipt", () => {
  it("[P8] settles under its own attempt only, and accepts twice without counting twice", () => {
    const scene = new ShareScene()
    scene.fill(2)
    scene.open("g")
    const [first] = scene.receive("g", 1)
    scene.nack("g", first!)
    const [second] = scene.receive("g", 1)
    expect(second).toMatchObject({ offset: 0, attempt: 2, deliveryCount: 2 })
    expect(scene.ack("g", first!)).toEqual(["0/1"])
    expect(scene.extend("g", first!, 1_000)).toBe("0/1")
    expect(scene.reject("g", first!)).toBe("0/1")
    expect(scene.extend("g", second!, 60_000)).toBe("1/0")
    scene.runUntil(NOW + 59_999)
    expect(scene.ack("g", second!, second!)).toEqual(["1/0", "1/0"])
    expect(scene.ack("g", second!)).toEqual(["1/0"])
    expect(scene.nack("g", second!)).toBe("0/1")
    expect(scene.statistics("g")).toMatchObject({ accepted: 1, delivered: 2, available: 1 })
    expect(scene.settle("g", ack(scene.receipt("g", { offset: 1, attempt: 1 })))).toEqual(["invalid_receipt"])
    expect(scene.settle("g", ack(scene.receipt("g", { offset: 0, attempt: 9 })))).toEqual(["1/0"])
  })

  it("[P9] of a range settles what was delivered under its attempt and is still so, and counts the others", () => {
    const scene = new ShareScene()
    scene.fill(10)
    scene.open("g")
    const records = scene.receive("g", 6)
    scene.nack("g", records[2]!)
    scene.ack("g", records[1]!)
    scene.receive("g", 1)
    const range = scene.receipt("g", records[0]!, 8)
    // 0 and 1 are done, 2 is locked under another attempt, 6 and 7 were never delivered
    expect(scene.settle("g", { kind: "extend", receipt: range, lockDurationMs: 90_000 })).toEqual(["4/4"])
    expect(scene.settle("g", ack(range))).toEqual(["5/3"])
    expect(scene.statistics("g")).toMatchObject({ accepted: 5, locked: 1, available: 4 })
    expect(scene.settle("g", ack(scene.receipt("g", { offset: 6, attempt: 1 }, 4)))).toEqual(["invalid_receipt"])
    expect(scene.settle("g", { kind: "undelivered", receipt: scene.receipt("g", { offset: 2, attempt: 2 }) })).toEqual([
      "1/0",
    ])
    expect(scene.receive("g", 1)).toMatchObject([{ offset: 2, attempt: 3, deliveryCount: 2 }])
  })

  it("[P10] of another incarnation, partition, group or generation is invalid", () => {
    const scene = new ShareScene()
    scene.fill(3)
    scene.open("g")
    scene.open("h")
    const [record] = scene.receive("g", 1)
    scene.receive("h", 1)
    const receipt = scene.receipt("g", record!)
    const others = [
      { incarnation: 8 },
      { shard: 0 },
      { stateId: receipt.stateId + 1 },
      { stateGeneration: 2 },
      { count: 0 },
      { count: MAX_SHARE_LOCKS + 1 },
    ]
    const outcomes = scene.settle("g", ...others.map((other) => ack({ ...receipt, ...other })))
    expect(outcomes).toEqual(others.map(() => "invalid_receipt"))
    expect(scene.settle("h", ack(receipt))).toEqual(["invalid_receipt"])
    expect(scene.statistics("g")).toMatchObject({ locked: 1, accepted: 0 })
  })

  it("[P10] counts with the others of its call: what names too much in all is refused", () => {
    const scene = new ShareScene()
    scene.fill(3)
    scene.open("g")
    const [record] = scene.receive("g", 1)
    const wide = ack(scene.receipt("g", record!, MAX_SHARE_LOCKS))
    const narrow = ack(scene.receipt("g", record!))
    expect(scene.settle("g", narrow, wide, narrow)).toEqual(["1/0", "invalid_receipt", "1/0"])
    expect(scene.settle("g", wide, narrow)).toEqual([`1/${MAX_SHARE_LOCKS - 1}`, "invalid_receipt"])
  })

  it("[P11] gives back after its own delay or the group's, and without fault uncounted", () => {
    const scene = new ShareScene()
    scene.fill(3)
    scene.open("g", { retryDelay: { kind: "linear", stepMs: 1_000, maxMs: 60_000 }, maxDeliveries: null })
    const [a, b, c] = scene.receive("g")
    scene.nack("g", a!)
    scene.nack("g", b!, { delayMs: 300 })
    scene.nack("g", c!, { fault: false, delayMs: 0 })
    expect(scene.statistics("g")).toMatchObject({ delayed: 2, available: 1 })
    expect(scene.receive("g")).toMatchObject([{ offset: 2, attempt: 2, deliveryCount: 1 }])
    expect(scene.nextDeadlineAt).toBe(NOW + 300)
    scene.runUntil(NOW + 999)
    expect(scene.receive("g")).toMatchObject([{ offset: 1, deliveryCount: 2 }])
    scene.runUntil(NOW + 1_000)
    const [again] = scene.receive("g")
    expect(again).toMatchObject({ offset: 0, deliveryCount: 2 })
    scene.nack("g", again!)
    scene.runUntil(NOW + 2_999)
    expect(scene.receive("g")).toEqual([])
    scene.runUntil(NOW + 3_000)
    expect(scene.receive("g")).toMatchObject([{ offset: 0, deliveryCount: 3 }])
  })

  it("[P12] of a range gives back all of it, also records of one key in order", () => {
    const scene = new ShareScene()
    scene.append(...Array.from({ length: 4 }, (_, index) => ({ key: "k", body: `r${index}` })))
    scene.open("g", { ordering: "key" })
    const [first] = scene.receive("g")
    expect(scene.nack("g", first!, { delayMs: 500, count: 4 })).toBe("4/0")
    expect(scene.statistics("g")).toMatchObject({ delayed: 4, locked: 0 })
    scene.runUntil(NOW + 500)
    const again = scene.receive("g")
    expect(again.map(({ offset, deliveryCount }) => [offset, deliveryCount])).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
      [3, 2],
    ])
    const receipt = scene.receipt("g", again[0]!, 4)
    expect(scene.settle("g", { kind: "undelivered", receipt })).toEqual(["4/0"])
    // one after the other, the first takes the others along
    const [next] = scene.receive("g")
    expect(next).toMatchObject({ offset: 0, attempt: 3, deliveryCount: 2 })
    expect(scene.nack("g", next!)).toBe("1/0")
    expect(scene.settle("g", ack(scene.receipt("g", { offset: 1, attempt: 3 }, 3)))).toEqual(["0/3"])
  })
})

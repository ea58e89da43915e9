import { describe, expect, it } from "vitest"
import { Waiting } from "../../../src/client/consume/waiting.ts"

interface Item {
  readonly group: string | null
  readonly number: number
}

function filled(): Waiting<Item> {
  const waiting = new Waiting<Item>()
  for (const [number, group] of ["a", null, "b", "a", null].entries()) waiting.add({ group, number })
  return waiting
}

const A: Item = { group: "a", number: -1 }

describe("Waiting", () => {
  it("hands out in order what is not held", () => {
    const waiting = filled()
    waiting.hold(A)
    expect([0, 1, 2, 3].map(() => waiting.take()?.number)).toEqual([1, 2, 4, undefined])
    waiting.release(A)
    expect([0, 1, 2].map(() => waiting.take()?.number)).toEqual([0, 3, undefined])
  })

  it("holds a group until it is released as often as it was held", () => {
    const waiting = filled()
    waiting.hold(A)
    waiting.hold(A)
    waiting.release(A)
    expect(waiting.take()?.number).toBe(1)
    waiting.release(A)
    expect(waiting.take()?.number).toBe(0)
  })

  it("never holds what has no group", () => {
    const waiting = filled()
    waiting.hold({ group: null, number: -1 })
    expect(waiting.take()?.number).toBe(0)
    expect(waiting.behind({ group: null, number: -1 })).toEqual([])
    waiting.release({ group: null, number: -1 })
    expect(waiting.take()?.number).toBe(1)
  })

  it("shows what of a group waits", () => {
    const waiting = filled()
    expect(waiting.behind(A).map(({ number }) => number)).toEqual([0, 3])
    expect(waiting.takeAll()).toHaveLength(5)
    expect(waiting.behind(A)).toEqual([])
  })
})

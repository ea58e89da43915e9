import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { GroupScene } from "./group-scene.ts"

const MEMBERS = ["a", "b", null] as const

type Step =
  | { readonly type: "append" | "restart" }
  | { readonly type: "forget"; readonly generation: number }
  | ({ readonly type: "grant"; readonly limit: number | null } & Asker)
  | ({ readonly type: "commit"; readonly offset: number; readonly bodies: number } & Asker)

/** Who asks, rightly or not. */
interface Asker {
  readonly generation: number
  readonly memberId: string | null
  readonly epoch: number
}

const anyAsker = {
  generation: fc.integer({ min: 1, max: 3 }),
  memberId: fc.constantFrom(...MEMBERS),
  epoch: fc.integer({ min: 1, max: 6 }),
}

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom<Step>({ type: "append" }, { type: "restart" }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("grant" as const),
      ...anyAsker,
      limit: fc.option(fc.nat(9), { freq: 2 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("commit" as const),
      ...anyAsker,
      offset: fc.nat(12),
      bodies: fc.constantFrom(0, 0, 2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("forget" as const), generation: fc.integer({ min: 1, max: 2 }) }),
  },
)

/** What must be true of a partition and one group, said as plainly as can be. */
class Model {
  end = 0
  /** What the partition was told last, and what was committed since the group's life began. */
  held: (Asker & { readonly limit: number | null; readonly committed: number | null }) | null = null
  ended = 0

  accepts(step: Step): boolean {
    switch (step.type) {
      case "append":
      case "restart":
      case "forget":
        return true
      case "grant": {
        const isKnown = this.held?.generation === step.generation
        if (!isKnown) return this.#mayBegin(step)
        return step.epoch > this.held!.epoch || (step.epoch === this.held!.epoch && this.#isHolder(step))
      }
      case "commit": {
        if (!this.#mayCommit(step)) return false
        const isLimited = step.memberId !== null && this.held!.limit !== null && step.offset > this.held!.limit
        return step.offset <= this.end && !isLimited
      }
    }
  }

  apply(step: Step): void {
    switch (step.type) {
      case "append":
        this.end += 1
        return
      case "restart":
        return
      case "forget":
        this.ended = Math.max(this.ended, step.generation)
        if (this.held && this.held.generation <= step.generation) this.held = null
        return
      case "grant": {
        const before = this.held?.generation === step.generation ? this.held : null
        const isAgain = before?.epoch === step.epoch
        this.held = {
          ...step,
          // told again, the limit may only rise
          limit: isAgain ? higher(step.limit, before.limit) : step.limit,
          committed: before?.committed ?? null,
        }
        return
      }
      case "commit": {
        const limit = this.held?.generation === step.generation ? this.held.limit : null
        this.held = { ...step, limit, committed: step.offset }
        this.end += step.bodies
      }
    }
  }

  #mayCommit(asker: Asker): boolean {
    const isKnown = this.held?.generation === asker.generation
    if (asker.memberId !== null) return isKnown && this.#isHolder(asker) && this.held!.epoch === asker.epoch
    return isKnown ? this.held!.memberId === null && this.held!.epoch <= asker.epoch : this.#mayBegin(asker)
  }

  #isHolder({ memberId }: Asker): boolean {
    return this.held?.memberId === memberId
  }

  #mayBegin({ generation }: Asker): boolean {
    return generation > Math.max(this.held?.generation ?? 0, this.ended)
  }
}

function higher(limit: number | null, other: number | null): number | null {
  return limit === null || other === null ? null : Math.max(limit, other)
}

describe("a group at a partition, whatever is asked by whomever", () => {
  it.each([false, true])("[G1] [G2] [G4] [G8] [G9] only the owner commits, restarted each time: %s", (isForgetful) => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        const scene = new GroupScene(isForgetful)
        const model = new Model()
        for (const step of steps) {
          // that late calls are fenced is not remembered for ever
          if (isLate(step, model)) continue
          const isAccepted = model.accepts(step)
          expect(isDone(scene, step)).toBe(isAccepted)
          if (isAccepted) model.apply(step)
          const { held, end } = model
          const { committedOffset, memberId, epoch, limit, endOffset } = scene.offset(held?.generation ?? 1)
          expect({ committedOffset, memberId, epoch, limit, endOffset }).toEqual({
            committedOffset: held?.committed ?? null,
            memberId: held?.memberId ?? null,
            epoch: held?.epoch ?? 0,
            limit: held?.limit ?? null,
            endOffset: end,
          })
        }
        scene.database.close()
      }),
      { numRuns: 300 },
    )
  })
})

function isLate(step: Step, { held, ended }: Model): boolean {
  return (step.type === "grant" || step.type === "commit") && held === null && step.generation <= ended
}

/** Carries out a step; answers whether it was accepted. */
function isDone(scene: GroupScene, step: Step): boolean {
  switch (step.type) {
    case "append":
      scene.fill(1)
      return true
    case "restart":
      scene.restart()
      return true
    case "forget":
      scene.forget(step.generation)
      return true
    case "grant":
      return scene.grant({ ...step, reset: "none" }).ok
    case "commit": {
      const { generation, memberId, epoch, offset, bodies } = step
      const records = bodies === 0 ? null : Array.from({ length: bodies }, () => "out")
      return scene.commitOffset(offset, { generation, memberId, epoch }, records).ok
    }
  }
}

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { assignRange } from "../../../src/core/group/assign-range.ts"
import { assignShared } from "../../../src/core/group/assign-shared.ts"
import { assignUniform } from "../../../src/core/group/assign-uniform.ts"
import type { Claim, Division } from "../../../src/core/group/assignor.ts"

interface Scene {
  readonly claims: readonly Claim[]
  readonly topics: Division
}

/** Members that subscribe to some topics, whose partitions some of them have: maybe some that may not. */
const anyScene: fc.Arbitrary<Scene> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 4 }))
  .chain(([topics, members, subscriptions]) =>
    fc.record({
      claims: fc
        .array(fc.subarray([...Array(topics).keys()]), { minLength: subscriptions, maxLength: subscriptions })
        .chain((kinds) => fc.array(fc.constantFrom(...kinds), { minLength: members, maxLength: members }))
        .map((wanted) => wanted.map((topics) => ({ topics }))),
      topics: fc.array(fc.array(fc.integer({ min: -1, max: members - 1 }), { maxLength: 12 }), {
        minLength: topics,
        maxLength: topics,
      }),
    }),
  )

function loadsOf({ claims }: Scene, division: Division): number[] {
  const loads = claims.map(() => 0)
  for (const owners of division) for (const owner of owners) if (owner >= 0) loads[owner]!++
  return loads
}

/** The least sum of squares that any division has, found by trying moves along all ways. */
function bestLoads({ claims, topics }: Scene): number {
  // every partition is one step of a search over the multiset of loads
  let states = new Set([claims.map(() => 0).join()])
  for (const [topic, shares] of topics.entries()) {
    const members = claims.flatMap((claim, member) => (claim.topics.includes(topic) ? [member] : []))
    if (members.length === 0) continue
    for (let partition = 0; partition < shares.length; partition++) {
      const next = new Set<string>()
      for (const state of states) {
        const loads = state.split(",").map(Number)
        for (const member of members) next.add(loads.map((load, index) => (index === member ? load + 1 : load)).join())
      }
      states = next
    }
  }
  return Math.min(...[...states].map((state) => squares(state.split(",").map(Number))))
}

function squares(loads: readonly number[]): number {
  return loads.reduce((sum, load) => sum + load * load, 0)
}

const tinyScene: fc.Arbitrary<Scene> = anyScene
  .filter(({ claims }) => claims.length <= 4)
  .map(({ claims, topics }) => ({ claims, topics: topics.map((shares) => shares.slice(0, 3)) }))

describe("the uniform assignor", () => {
  it("[G33] gives every partition that somebody subscribes to to one who does", () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const division = assignUniform(scene.claims, scene.topics)
        for (const [topic, owners] of division.entries()) {
          const members = scene.claims.flatMap(({ topics }, member) => (topics.includes(topic) ? [member] : []))
          expect(owners).toHaveLength(scene.topics[topic]!.length)
          for (const owner of owners) expect(members.length === 0 ? [-1] : members).toContain(owner)
        }
      }),
    )
  })

  it("[G33] members with equal subscriptions differ by one partition at most", () => {
    fc.assert(
      fc.property(anyScene, (scene) => {
        const loads = loadsOf(scene, assignUniform(scene.claims, scene.topics))
        for (const [a, { topics }] of scene.claims.entries()) {
          for (const [b, other] of scene.claims.entries()) {
            if (topics.join() === other.topics.join()) expect(Math.abs(loads[a]! - loads[b]!)).toBeLessThanOrEqual(1)
          }
        }
      }),
    )
  })

  it("[G33] no division is fairer, whatever the subscriptions", () => {
    fc.assert(
      fc.property(tinyScene, (scene) => {
        expect(squares(loadsOf(scene, assignUniform(scene.claims, scene.topics)))).toBe(bestLoads(scene))
      }),
      { numRuns: 200 },
    )
  })

  it("[G33] what is fair stays as it is", () => {
    fc.assert(
      fc.property(anyScene, ({ claims, topics }) => {
        const once = assignUniform(claims, topics)
        expect(assignUniform(claims, once)).toEqual(once)
      }),
    )
  })

  it("[G33] moves no more than a fair division needs where all subscribe to the same", () => {
    fc.assert(
      fc.property(anyScene, ({ claims, topics }) => {
        const all = topics.map((_, topic) => topic)
        const scene = { claims: claims.map(() => ({ topics: all })), topics }
        const division = assignUniform(scene.claims, topics)
        const moved = topics.flatMap((shares, topic) => {
          return shares.filter((owner, partition) => owner >= 0 && division[topic]![partition] !== owner)
        }).length
        const before = loadsOf(scene, topics)
        const total = topics.reduce((sum, shares) => sum + shares.length, 0)
        const each = Math.floor(total / claims.length)
        const longer = total % claims.length
        // those with most may keep one more
        const least = [...before]
          .sort((a, b) => b - a)
          .reduce((sum, load, rank) => {
            return sum + Math.max(0, load - each - (rank < longer ? 1 : 0))
          }, 0)
        expect(moved).toBe(least)
      }),
    )
  })
})

describe("the range assignor", () => {
  it("[G34] each subscriber has a run of each topic, in order, the first ones one more", () => {
    const claims = [{ topics: [0, 1] }, { topics: [0] }, { topics: [0, 1] }]
    const none = [-1, -1, -1, -1]
    expect(assignRange(claims, [[...none, -1], none, none])).toEqual([[0, 0, 1, 1, 2], [0, 0, 2, 2], none])
  })
})

describe("the spread of a share group", () => {
  it("[G35] every partition has a member, and every member a partition of each of its topics", () => {
    fc.assert(
      fc.property(anyScene, ({ claims, topics }) => {
        const places = assignShared(
          claims,
          topics.map(({ length }) => length),
        )
        for (const [topic, { length }] of topics.entries()) {
          const holders = claims.flatMap(({ topics: wanted }, member) => (wanted.includes(topic) ? [member] : []))
          const had = places.map((list) => list.filter((place) => place.topic === topic))
          for (const [member, list] of had.entries()) {
            expect(list.length > 0).toBe(length > 0 && holders.includes(member))
            expect(new Set(list.map(({ partition }) => partition)).size).toBe(list.length)
          }
          const taken = new Set(had.flat().map(({ partition }) => partition))
          expect(taken.size).toBe(holders.length > 0 ? length : 0)
        }
      }),
    )
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { accessOf, allows, EVERYTHING } from "../../../src/core/access/access.ts"
import { checkNeeds, checkSomewhere } from "../../../src/core/access/needs.ts"
import { type Action, ACTIONS, type Kind, type Right } from "../../../src/core/access/rights.ts"

const KINDS: readonly Kind[] = ["queue", "topic", "group"]
const NOTHING = { queues: [], topics: [], groups: [] }

function right(actions: readonly Action[], names: Partial<Right>): Right {
  return { actions, ...NOTHING, ...names }
}

/** Few letters, so that names often match. */
const name = fc.stringMatching(/^[ab]{1,5}$/)
const pattern = fc.stringMatching(/^[ab*]{1,5}$/)
const someRights = fc.array(
  fc.record({
    actions: fc.uniqueArray(fc.constantFrom(...ACTIONS), { minLength: 1 }),
    queues: fc.array(pattern, { maxLength: 3 }),
    topics: fc.array(pattern, { maxLength: 3 }),
    groups: fc.array(pattern, { maxLength: 3 }),
  }),
  { maxLength: 3 },
)

function matches(text: string, wanted: string): boolean {
  return new RegExp(`^${wanted.replaceAll("*", ".*")}$`).test(text)
}

describe("rights", () => {
  it("[A6] each action on each name, and nothing else", () => {
    fc.assert(
      fc.property(
        someRights,
        fc.constantFrom(...ACTIONS),
        fc.constantFrom(...KINDS),
        name,
        (rights, action, kind, one) => {
          const expected = rights.some(
            (some) => some.actions.includes(action) && some[`${kind}s`].some((wanted) => matches(one, wanted)),
          )
          expect(allows(rights, action, kind, one)).toBe(expected)
        },
      ),
    )
  })

  it("[A6] no action includes another, and no kind another", () => {
    for (const action of ACTIONS) {
      const rights = [right([action], { topics: ["t"] })]
      for (const other of ACTIONS) {
        for (const kind of KINDS) {
          expect(allows(rights, other, kind, "t")).toBe(other === action && kind === "topic")
        }
      }
    }
  })

  it("[A5] no rights allow nothing, and null everything", () => {
    for (const action of ACTIONS) {
      for (const kind of KINDS) {
        expect(allows([], action, kind, "a")).toBe(false)
        expect(allows(null, action, kind, "a")).toBe(true)
      }
    }
  })

  it("[A10] what covers a pattern allows every name that matches it", () => {
    fc.assert(
      fc.property(someRights, pattern, name, (rights, asked, one) => {
        fc.pre(matches(one, asked))
        if (allows(rights, "consume", "topic", asked)) expect(allows(rights, "consume", "topic", one)).toBe(true)
      }),
    )
  })

  it.each([
    ["orders-*", "orders-*", true],
    ["orders-*", "orders-eu-*", true],
    ["*", "*a*", true],
    ["*-eu", "orders-*-eu", true],
    ["a*c*e", "a*bcd*e", true],
    ["orders-*", "orders*", false],
    ["orders-eu", "orders-*", false],
    ["*-eu", "orders-*", false],
    ["a*b", "*", false],
  ])("[A10] whether %s covers %s: %s", (own, asked, covered) => {
    expect(allows([right(["consume"], { topics: [own] })], "consume", "topic", asked)).toBe(covered)
  })

  it("[A6] a pattern takes time in proportion to its length, whatever it is matched with", () => {
    const access = accessOf([right(["read"], { queues: ["*a".repeat(63) + "b"] })])
    // with backtracking this would not end
    for (let time = 0; time < 1_000; time++) expect(access.allows("read", "queue", "a".repeat(128))).toBe(false)
  })
})

describe("needs", () => {
  const access = accessOf([right(["produce", "read"], { queues: ["jobs"] }), right(["consume"], { topics: ["log"] })])

  it("[A7] the first that is lacking is named", () => {
    const met = { action: "produce", kind: "queue", name: "jobs" } as const
    const unmet = { action: "consume", kind: "topic", name: "other" } as const
    const alsoUnmet = { action: "manage", kind: "queue", name: "jobs" } as const
    expect(checkNeeds(access, [])).toEqual({ ok: true, value: null })
    expect(checkNeeds(access, [met])).toEqual({ ok: true, value: null })
    expect(checkNeeds(access, [met, unmet, alsoUnmet])).toEqual({
      ok: false,
      error: { code: "forbidden", action: "consume", resource: "topic", name: "other" },
    })
    expect(checkNeeds(EVERYTHING, [met, unmet, alsoUnmet]).ok).toBe(true)
  })

  it("[A9] to see a name takes any action on it", () => {
    expect(checkNeeds(access, [{ action: "see", kind: "topic", name: "log" }]).ok).toBe(true)
    expect(checkNeeds(access, [{ action: "see", kind: "topic", name: "jobs" }]).ok).toBe(false)
  })

  it("[A9] some name of some kind is enough where any will do", () => {
    expect(checkSomewhere(access, "produce", ["topic", "queue"]).ok).toBe(true)
    expect(checkSomewhere(access, "produce", ["topic"])).toEqual({
      ok: false,
      error: { code: "forbidden", action: "produce", resource: "topic", name: "*" },
    })
    expect(checkSomewhere(EVERYTHING, "produce", ["topic"]).ok).toBe(true)
  })
})

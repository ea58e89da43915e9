import fc from "fast-check"
import { expect, test } from "vitest"
import type { MessageState } from "../../../src/core/queue/operator/commands.ts"
import { formatCursor, parseCursor } from "../../../src/protocol/native/browse-cursor.ts"

const state = fc.constantFrom<MessageState>("ready", "in_flight", "delayed", "scheduled")
const number = fc.nat(Number.MAX_SAFE_INTEGER)
const cursor = fc.record({ incarnation: number, at: number, messageId: number })

test("a cursor comes back as it was, for its own state alone", () => {
  fc.assert(
    fc.property(state, state, cursor, (made, asked, given) => {
      const parsed = parseCursor(asked, formatCursor(made, given))
      if (asked === made) expect(parsed).toEqual({ ok: true, value: given })
      else expect(parsed).toMatchObject({ ok: false, error: { pointer: "/cursor" } })
    }),
  )
})

test("any other text is no cursor", () => {
  const spoiled = fc.tuple(cursor, fc.nat(), fc.base64String()).map(([given, at, junk]) => {
    const made = formatCursor("ready", given)
    const cut = at % made.length
    return [made, made.slice(0, cut) + junk + made.slice(cut + 1)] as const
  })
  fc.assert(
    fc.property(
      fc.oneof(
        spoiled,
        fc.string().map((text) => ["", text] as const),
      ),
      ([made, text]) => {
        fc.pre(text !== made)
        expect(parseCursor("ready", text)).toMatchObject({ ok: false, error: { code: "invalid_field" } })
      },
    ),
    { numRuns: 2000 },
  )
})

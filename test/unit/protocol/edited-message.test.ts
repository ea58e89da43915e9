import fc from "fast-check"
import { safeParse } from "valibot"
import { expect, test } from "vitest"
import { parseResend } from "../../../src/protocol/native/edited-message.ts"
import { parseJsonText } from "../../../src/protocol/native/json-text.ts"
import { resendSchema } from "../../../src/routes/queues/operator-schemas.ts"
import { base64, body, headers, isVisibleToSchema, nearly } from "./near-json.ts"

function resend(value: unknown) {
  const json = parseJsonText(JSON.stringify(value))
  if (!json.ok) throw new Error("not JSON")
  return parseResend(json.value)
}

test("the parser and the published schema agree on what a resend is", () => {
  const queue = fc.constantFrom("other", "a b", "", null)
  const wanted = fc.oneof(
    nearly({ queue, body, groupId: fc.string(), headers }),
    nearly({ queue, bodyBase64: base64, headers }),
  )
  fc.assert(
    fc.property(wanted, (given) => {
      const value = JSON.parse(JSON.stringify(given)) as unknown
      fc.pre(isVisibleToSchema(value) && !Array.isArray(value))
      expect(resend(value).ok).toBe(safeParse(resendSchema, value).success)
    }),
    { numRuns: 2000 },
  )
})

test("nothing that is given is nothing to edit, and JSON keeps its text", () => {
  expect(resend({ queue: "a" })).toEqual({ ok: true, value: { queue: "a", edits: null } })
  expect(resend({})).toEqual({ ok: true, value: { queue: null, edits: null } })
  const json = parseJsonText('{"body": 1.0}')
  const parsed = json.ok ? parseResend(json.value) : json
  const value = new TextEncoder().encode("1.0")
  expect(parsed).toMatchObject({ value: { edits: { body: { format: "json", value }, headers: null, groupId: null } } })
  expect(resend({ body: null })).toMatchObject({ value: { edits: { body: { format: "json" } } } })
  expect(resend({ headers: {} })).toMatchObject({ value: { edits: { headers: [] } } })
})

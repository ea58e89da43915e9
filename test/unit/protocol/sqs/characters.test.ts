import { expect, it } from "vitest"
import { checkBody, forbiddenCharacter } from "../../../../src/protocol/sqs/characters.ts"

it.each(["plain", "\t\n\r ", "\u0085\u2028", "\ud7ff\ue000\ufffd", "\u{10000}\u{10ffff}", "Grüße 😀"])(
  "[X62] %j can be said in XML",
  (body) => expect(checkBody(body)).toEqual({ ok: true, value: null }),
)

it.each([
  ["a\u0000b", "#x0"],
  ["\u0008", "#x8"],
  ["\u001f", "#x1F"],
  ["\ufffe", "#xFFFE"],
  ["\uffff", "#xFFFF"],
  ["\ud83d", "#xD83D"],
  ["\ude00 alone", "#xDE00"],
])("[X62] %j can't, for %s", (body, character) => {
  expect(forbiddenCharacter(body)).toBe(character)
  expect(checkBody(body)).toMatchObject({
    ok: false,
    error: {
      name: "InvalidMessageContents",
      message: `Invalid binary character '${character}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].`,
    },
  })
})

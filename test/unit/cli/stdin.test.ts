import { describe, expect, it } from "vitest"
import { jsonLinesOf, linesOf } from "../../../src/cli/stdin.ts"

async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

describe("lines", () => {
  it.each<[string[], string[]]>([
    [[], []],
    [["a\nb\n"], ["a", "b"]],
    [["a\nb"], ["a", "b"]],
    [
      ["a\r", "\nb\r\n"],
      ["a", "b"],
    ],
    [["\n\n"], ["", ""]],
    [["a", "b", "c\n"], ["abc"]],
  ])("%j are %j", async (chunks, lines) => {
    expect(await all(linesOf(chunksOf(...chunks)))).toEqual(lines)
  })

  it("a character may be cut between two chunks", async () => {
    const bytes = new TextEncoder().encode("grün\n")
    for (let at = 0; at <= bytes.length; at++) {
      expect(await all(linesOf(chunksOf(bytes.slice(0, at), bytes.slice(at))))).toEqual(["grün"])
    }
  })

  it("what is not UTF-8 is refused, also at the end", async () => {
    await expect(all(linesOf(chunksOf(Uint8Array.of(0xff, 10))))).rejects.toThrow(/not UTF-8/)
    await expect(all(linesOf(chunksOf(Uint8Array.of(0xc3))))).rejects.toThrow(/not UTF-8/)
  })

  it("a line that never ends is refused before it fills the memory", async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield new Uint8Array(1024 * 1024).fill(97)
    }
    await expect(all(linesOf(endless()))).rejects.toThrow(/longer than any message/)
  })
})

describe("NDJSON", () => {
  it("has an object a line, and blank lines count", async () => {
    const lines = await all(jsonLinesOf(linesOf(chunksOf('{"a":1}\n\n  \n{"b":2}'))))
    expect(lines).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 4, value: { b: 2 } },
    ])
  })

  it.each([
    ["{", /line 2 of the input is no JSON$/],
    ["[]", /line 2 of the input is no JSON object/],
    ["null", /line 2 of the input is no JSON object/],
  ])("%j is refused with its line", async (line, message) => {
    await expect(all(jsonLinesOf(linesOf(chunksOf(`{}\n${line}\n`))))).rejects.toThrow(message)
  })
})

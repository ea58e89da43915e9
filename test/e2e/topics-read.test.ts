import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"

const scene = new HttpScene()

interface Read {
  readonly records: readonly { readonly offset: number; readonly body?: unknown; readonly timestamp: number }[]
  readonly nextOffset: number
  readonly endOffset: number
}

async function read(topic: string, query = "", partition = 0): Promise<Read> {
  const answer = await scene.get(`${topic}/partitions/${partition}/records${query}`)
  expect(answer.status).toBe(200)
  return answer.body as Read
}

const offsets = ({ records }: Read): number[] => records.map(({ offset }) => offset)

describe("where a read begins", () => {
  it("[H60] -n is n offsets before the end, and not before the start", async () => {
    const topic = await scene.topic()
    expect(await read(topic, "?from=-5")).toEqual({ records: [], nextOffset: 0, endOffset: 0 })
    await scene.append(topic, ...upTo(10).map((body) => ({ body })))
    expect(offsets(await read(topic, "?from=-3"))).toEqual([7, 8, 9])
    expect(offsets(await read(topic, "?from=-3&maxRecords=2"))).toEqual([7, 8])
    expect(offsets(await read(topic, "?from=-0"))).toEqual([])
    await scene.delete(`${topic}/partitions/0/records?before=4`)
    expect(offsets(await read(topic, "?from=-9007199254740991"))).toEqual([4, 5, 6, 7, 8, 9])
  })

  it("[H60] @ms is the first record of that time or later, and the end where there is none", async () => {
    const topic = await scene.topic()
    const appendedAts: number[] = []
    for (const body of upTo(4)) {
      await scene.append(topic, { body })
      appendedAts.push((await read(topic, `?from=${body}`)).records[0]!.timestamp)
      await sleep(10)
    }
    for (const [offset, at] of appendedAts.entries()) {
      expect(offsets(await read(topic, `?from=@${at}&maxRecords=1`))).toEqual([appendedAts.indexOf(at)])
      const later = appendedAts.findIndex((other) => other > at)
      expect(offsets(await read(topic, `?from=@${at + 1}`))).toEqual(later === -1 ? [] : upTo(4).slice(later))
      expect(appendedAts.indexOf(at)).toBeLessThanOrEqual(offset)
    }
    expect(offsets(await read(topic, "?from=@0"))).toEqual(upTo(4))
    expect(await read(topic, "?from=@8640000000000000")).toMatchObject({ records: [], nextOffset: 4 })
  })

  it.each(["--1", "@", "@-1", "-1.5", "+1", "@soon", "-9007199254740992", "latest,0", "%20-1"])(
    "[H60] from=%s is refused",
    async (from) => {
      const topic = await scene.topic()
      const answer = await scene.get(`${topic}/partitions/0/records?from=${from}`)
      expect(answer).toMatchObject(problem(422, "invalid_field", { pointer: "/from" }))
    },
  )
})

describe("filters", () => {
  it("[H61] a key, a header or both leave out all others, and the read moves on past them", async () => {
    const topic = await scene.topic()
    const records = upTo(30).map((n) => ({
      body: n,
      key: n % 5 === 0 ? "" : n % 3 === 0 ? "ä" : "b",
      headers: { kind: n % 2 === 0 ? "even" : "odd:1" },
    }))
    await scene.append(topic, ...records, { body: "no key" })
    const matching = (test: (record: (typeof records)[number]) => boolean): number[] =>
      records.filter(test).map(({ body }) => body)
    const all = { nextOffset: 31, endOffset: 31 }
    const queries: [string, number[]][] = [
      ["key=%C3%A4", matching(({ key }) => key === "ä")],
      ["key=", matching(({ key }) => key === "")],
      ["key=c", []],
      ["header=kind:odd:1", matching(({ headers }) => headers.kind === "odd:1")],
      ["header=kind:odd", []],
      ["header=Kind:even", []],
      ["key=b&header=kind:even", matching(({ key, headers }) => key === "b" && headers.kind === "even")],
    ]
    for (const [query, expected] of queries) {
      const page = await read(topic, `?${query}`)
      expect(offsets(page), query).toEqual(expected)
      expect(page).toMatchObject(all)
    }
  })

  it("[H61] maxRecords counts what is answered; going on leaves nothing out", async () => {
    const topic = await scene.topic()
    await scene.append(topic, ...upTo(100).map((n) => ({ body: n, key: n % 10 === 3 ? "wanted" : "other" })))
    const seen: number[] = []
    for (let from = 0; from < 100;) {
      const page = await read(topic, `?from=${from}&key=wanted&maxRecords=4`)
      expect(page.records.length).toBeLessThanOrEqual(4)
      expect(page.nextOffset).toBeGreaterThan(from)
      seen.push(...offsets(page))
      from = page.nextOffset
    }
    expect(seen).toEqual(upTo(10).map((ten) => 10 * ten + 3))
  })

  it.each([
    ["header=kind", "/header"],
    ["header=:x", "/header"],
    ["damaged=hide", "/damaged"],
    [`key=${"k".repeat(1025)}`, "/key"],
  ])("[H61] [H62] %s is refused", async (query, pointer) => {
    const topic = await scene.topic()
    const answer = await scene.get(`${topic}/partitions/0/records?${query}`)
    expect(answer).toMatchObject(problem(422, "invalid_field", { pointer }))
  })
})

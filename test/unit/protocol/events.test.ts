import { describe, expect, it } from "vitest"
import { parseEventId, positionEvent, problemEvent, recordEvents } from "../../../src/protocol/native/events.ts"

const entry = (offset: number, json: string) => ({ offset, lastOffset: offset, isDamaged: false, json })

describe("events", () => {
  it("[H67] every record is one, with the place of it as its id", () => {
    const read = { entries: [entry(4, '{"a":1}'), entry(6, '{"b":2}')], nextOffset: 7, endOffset: 9 }
    expect(recordEvents(3, read)).toBe('id: 3-4\ndata: {"a":1}\n\nid: 3-6\ndata: {"b":2}\n\n')
  })

  it("[H67] what is left out at the end moves the id on, without an event", () => {
    const read = { entries: [entry(4, "{}")], nextOffset: 9, endOffset: 9 }
    expect(recordEvents(3, read)).toBe("id: 3-4\ndata: {}\n\nid: 3-8\n\n")
    expect(recordEvents(3, { ...read, entries: [] })).toBe("id: 3-8\n\n")
  })

  it("[H67] a damaged range is an event of its own kind, behind which one goes on", () => {
    const read = { entries: [{ offset: 4, lastOffset: 6, isDamaged: true, json: "{}" }], nextOffset: 7, endOffset: 9 }
    expect(recordEvents(3, read)).toBe("id: 3-6\nevent: damaged\ndata: {}\n\n")
  })

  it("[H67] JSON with lines of its own stays one event", () => {
    const json = '{"body":{\n"a":\r\n1,\r"b":"\\n"}}'
    const text = recordEvents(3, { entries: [entry(4, json)], nextOffset: 5, endOffset: 5 })
    const lines = text.trimEnd().split("\n")
    expect(lines[0]).toBe("id: 3-4")
    expect(lines.slice(1).every((line) => line.startsWith("data: "))).toBe(true)
    const data = lines.slice(1).map((line) => line.slice("data: ".length))
    expect(JSON.parse(data.join("\n"))).toEqual({ body: { a: 1, b: "\n" } })
  })

  it("[H68] an id comes back as it was given", () => {
    for (const id of [
      { incarnation: 7, offset: 0 },
      { incarnation: 7, offset: -1 },
      { incarnation: 1, offset: Number.MAX_SAFE_INTEGER - 1 },
    ]) {
      const [line] = positionEvent(id).split("\n")
      expect(parseEventId(line!.slice("id: ".length))).toEqual(id)
    }
  })

  it.each(["", "7", "7-", "-7-1", "7--2", "a-1", "7-1 ", "7-9007199254740991", "9007199254740992-1"])(
    "[H68] %j is no id",
    (text) => {
      expect(parseEventId(text)).toBeNull()
    },
  )

  it("[H69] the last event says why it is the last", () => {
    const [kind, data] = problemEvent({ code: "offset_trimmed", earliestOffset: 5 }).split("\n")
    expect(kind).toBe("event: problem")
    expect(JSON.parse(data!.slice("data: ".length))).toMatchObject({ code: "offset_trimmed", earliestOffset: 5 })
  })
})

import { describe, expect, it } from "vitest"
import { differences, isRight, keysOutOfOrder, notExactlyOnce, offsetGaps, scatteredKeys } from "../../demo/checks.ts"
import { CreditAudit } from "../../demo/credit-audit.ts"
import { checkFlights, type FlightEvidence, type ReadFlight } from "../../demo/flight-checks.ts"
import { Ledger, NUMBER_HEADER } from "../../demo/ledger.ts"
import { checkWebhooks } from "../../demo/webhook-checks.ts"
import { encodeRecordBatch } from "../../src/protocol/native/wire-deliver-encode.ts"
import { encodeWireMessage } from "../../src/protocol/native/wire-message.ts"

describe("the demo's checks see what is wrong", () => {
  it("with the order of a key's items", () => {
    const sent = [
      ["A", "1"],
      ["B", "2"],
      ["A", "3"],
    ] as const
    expect(
      keysOutOfOrder(sent, [
        ["B", "2"],
        ["A", "1"],
        ["A", "3"],
      ]),
    ).toEqual([])
    expect(
      keysOutOfOrder(sent, [
        ["A", "3"],
        ["A", "1"],
        ["B", "2"],
      ]),
    ).toEqual(["A"])
    expect(
      keysOutOfOrder(sent, [
        ["A", "1"],
        ["B", "2"],
      ]),
    ).toEqual(["A"])
    expect(keysOutOfOrder(sent, [...sent, ["C", "4"]])).toEqual(["C"])
  })

  it("with offsets", () => {
    expect(offsetGaps([0, 1, 2])).toBe(0)
    expect(offsetGaps([1, 2])).toBe(1)
    expect(offsetGaps([0, 2, 3])).toBe(1)
    expect(offsetGaps([0, 1, 1])).toBe(1)
  })

  it("with two readings of the same", () => {
    expect(differences(["a", "b"], ["a", "b"])).toBe(0)
    expect(differences(["a", "b"], ["a", "c"])).toBe(1)
    expect(differences(["a"], ["a", "b", "c"])).toBe(2)
  })

  it("with keys on several partitions", () => {
    expect(
      scatteredKeys([
        ["A", 0],
        ["B", 1],
        ["A", 0],
      ]),
    ).toEqual([])
    expect(
      scatteredKeys([
        ["A", 0],
        ["B", 1],
        ["A", 1],
      ]),
    ).toEqual(["A"])
  })

  it("with what must be there exactly once", () => {
    expect(notExactlyOnce(["1", "2"], ["2", "1"])).toEqual([])
    expect(notExactlyOnce(["1", "2"], ["2", "2"])).toEqual(["2", "1"])
    expect(notExactlyOnce(["1"], ["1", "3"])).toEqual(["3"])
  })
})

describe("the demo's stream checks", () => {
  const flights = [
    { origin: "SEA", n: 1 },
    { origin: "LAX", n: 2 },
    { origin: "SEA", n: 3 },
  ]
  const record = (offset: number, index: number): ReadFlight => {
    return { offset, timestamp: 5, key: flights[index]!.origin, headers: {}, value: flights[index]! }
  }
  const log = [[record(0, 0), record(1, 2)], [record(0, 1)]]
  const good: FlightEvidence = {
    flights,
    places: [
      { partition: 0, offset: 0 },
      { partition: 1, offset: 0 },
      { partition: 0, offset: 1 },
    ],
    byHttp: log,
    bySocket: log,
    middles: [1, 0],
    replay: [[record(1, 2)], [record(0, 1)]],
  }
  const wrong = (evidence: FlightEvidence): string[] => {
    return checkFlights(evidence)
      .filter((check) => !isRight(check))
      .map((check) => check.name)
  }

  it("pass what is right", () => expect(wrong(good)).toEqual([]))

  it.each<[string, Partial<FlightEvidence>, string]>([
    ["a lost record", { byHttp: [[record(0, 0)], [record(0, 1)]] }, "flights read over HTTP"],
    [
      "a swapped pair",
      { byHttp: [[record(0, 2), record(1, 0)], log[1]!] },
      "airports whose flights are all there, in order",
    ],
    [
      "another timestamp in the replay",
      { replay: [[{ ...record(1, 2), timestamp: 6 }], log[1]!] },
      "differences between replay and first reading",
    ],
    ["an unconfirmed record", { places: good.places.slice(0, 2) }, "flights appended and confirmed"],
    ["a record the socket lost", { bySocket: [log[0]!, []] }, "differences between HTTP and WebSocket"],
    ["a gap", { byHttp: [[record(0, 0), record(2, 2)], log[1]!] }, "gaps between offsets"],
  ])("see %s", (_, planted, name) => expect(wrong({ ...good, ...planted })).toContain(name))
})

describe("the demo's queue checks", () => {
  const rules = { queue: "q", maxDeliveries: 3, error: "no" }
  const letter = {
    id: "d1",
    body: {},
    headers: {
      [NUMBER_HEADER]: "2",
      event: "meta",
      "millrace-dead-letter-source": "q",
      "millrace-dead-letter-id": "m2",
      "millrace-dead-letter-error": "no",
      "millrace-dead-letter-reason": "max_deliveries",
      "millrace-dead-letter-delivery-count": "3",
    },
  }
  const settle = (processed: readonly string[]): Ledger => {
    const events = ["push", "star", "meta"].map((event) => ({ event, payload: {} }))
    const ledger = new Ledger(events, ({ event }) => event === "meta")
    for (const number of ["0", "1", "2"]) ledger.sent(number, `m${number}`)
    ledger.crashed(["0"])
    for (const number of processed) ledger.acknowledged(number)
    return ledger
  }
  const wrong = (ledger: Ledger, letters = [letter]): string[] => {
    return checkWebhooks(ledger, letters, rules)
      .filter((check) => !isRight(check))
      .map((check) => check.name)
  }
  const message = { ...letter, id: "m0", headers: { [NUMBER_HEADER]: "0", event: "push" } }

  it("pass what is right", () => expect(wrong(settle(["0", "1"]))).toEqual([]))

  it("see a lost message", () => expect(wrong(settle(["0"]))).toContain("processed + dead-lettered"))

  it("see a message processed twice", () =>
    expect(wrong(settle(["0", "1", "1"]))).toContain("processed never or twice"))

  it("see what the crash took along", () => {
    expect(wrong(settle(["1", "1"]))).toContain("processed by others of what it held")
  })

  it("see a delivery after the acknowledgement", () => {
    const ledger = settle(["0", "1"])
    ledger.delivered(message)
    expect(wrong(ledger)).toEqual(["delivered after they were acknowledged"])
  })

  it("see an altered body", () => {
    const ledger = settle([])
    ledger.delivered({ ...message, body: { changed: true } })
    expect(wrong(ledger)).toContain("deliveries unlike what was sent")
  })

  it("see a dead letter twice", () => {
    expect(wrong(settle(["0", "1"]), [letter, letter])).toContain("dead-lettered never, twice or wrongly")
  })

  it("see a dead letter without its reason", () => {
    const silent = { ...letter, headers: { ...letter.headers, "millrace-dead-letter-reason": "rejected" } }
    expect(wrong(settle(["0", "1"]), [silent])).toEqual(["dead letters that say whence, why, how often"])
  })
})

describe("the audit of a client's credit", () => {
  const delivery = (count: number): Uint8Array => {
    const entries = Array.from({ length: count }, (_, offset) => ({
      offset,
      damaged: { firstOffset: offset, lastOffset: offset },
    }))
    const batches = [encodeRecordBatch(entries, "broker")]
    return encodeWireMessage({ json: JSON.stringify({ type: "deliver", sub: 3, batch: true }), batches })
  }
  const beyond = (...deliveries: readonly Uint8Array[]): number => {
    const audit = new CreditAudit()
    audit.said(JSON.stringify([{ type: "subscribe", sub: 3, topic: "t", partition: 0, credit: 2 }]))
    audit.heard(JSON.stringify({ type: "subscribed", sub: 3 }))
    for (const data of deliveries) {
      audit.heard(data)
      audit.said(JSON.stringify({ type: "credit", sub: 3, credit: 3 }))
    }
    return audit.beyondCredit
  }

  it("passes what was asked for", () => expect(beyond(delivery(2), delivery(1))).toBe(0))

  it("sees what was not", () => {
    expect(beyond(delivery(3))).toBe(1)
    expect(beyond(delivery(2), delivery(2), delivery(2))).toBe(3)
  })
})

import { describe, expect, it } from "vitest"
import { checkUnseenRecords } from "../../support/checkers/unseen-records.ts"
import { appended, check, read } from "./build.ts"

const log = [appended(["a"], 0, 0), appended(["b"], 20, 1), appended(["c"], 40, 2)]
const member = (name: string, epoch: number) => ({ group: { name: "g", member: name, epoch } })
const holed = read(0, ["a"], 60, { nextOffset: 3 })

describe("checkUnseenRecords", () => {
  it("[S2] finds a read that left out a record", () => {
    expect(check(checkUnseenRecords, [...log, holed])).toEqual(["t/0: a read of reader from 0 to 3 left out b at 1"])
  })

  it("[S1] finds a read at the end that finds nothing where a record was confirmed", () => {
    expect(check(checkUnseenRecords, [...log, read(2, [], 60)])).toEqual([
      "t/0: a read of reader from 2 at 60 found nothing, and c at 2 was there by 50",
    ])
  })

  it("[G10] finds records that no member of a group read", () => {
    const operations = [...log, read(0, ["a"], 60, member("m", 1)), read(2, ["c"], 80, member("n", 2))]
    expect(check(checkUnseenRecords, operations)).toEqual(["t/0: no member of g read b at 1; n went on from 2"])
  })

  it("[S3] finds a record that was left out above a trim or young enough", () => {
    const trim = {
      kind: "trim",
      client: "operator",
      topic: "t",
      partition: 0,
      before: 1,
      calledAt: 50,
      answeredAt: 55,
    } as const
    expect(check(checkUnseenRecords, [...log, trim, holed])).toHaveLength(1)
    expect(check(checkUnseenRecords, [...log, holed], { topic: { retentionMs: 60 } })).toHaveLength(1)
  })

  it("[S2] lets pass a read that found nothing before the answer, or where no answer came", () => {
    expect(check(checkUnseenRecords, [...log, read(2, [], 45)])).toEqual([])
    const unknown = appended(["d"], 50, 3, { answeredAt: null, offsets: null })
    expect(check(checkUnseenRecords, [...log, unknown, read(3, [], 80)])).toEqual([])
  })

  it("[S39] [S4] [S13] lets pass what compaction, a trim or retention may have taken", () => {
    const trim = {
      kind: "trim",
      client: "operator",
      topic: "t",
      partition: 0,
      before: 3,
      calledAt: 50,
      answeredAt: 55,
    } as const
    expect(check(checkUnseenRecords, [...log, holed], { topic: { compacted: true } })).toEqual([])
    expect(check(checkUnseenRecords, [...log, trim, holed])).toEqual([])
    expect(check(checkUnseenRecords, [...log, holed], { topic: { retentionMs: 10 } })).toEqual([])
  })

  it("[G7] [G10] lets pass a group that was set elsewhere, waits at its limit, or reads again", () => {
    const seek = {
      kind: "seek",
      client: "operator",
      group: "g",
      topic: "t",
      partition: 0,
      calledAt: 70,
      answeredAt: 75,
    } as const
    const jump = [...log, read(0, ["a"], 60, member("m", 1)), seek, read(2, ["c"], 80, member("n", 2))]
    expect(check(checkUnseenRecords, jump)).toEqual([])
    expect(check(checkUnseenRecords, [...log, read(2, [], 60, member("m", 1))])).toEqual([])
    const again = [read(0, ["a", "b"], 60, member("m", 1)), read(1, ["b", "c"], 80, member("n", 2))]
    expect(check(checkUnseenRecords, [...log, ...again])).toEqual([])
  })
})

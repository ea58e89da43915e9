import { describe, expect, it } from "vitest"
import { PRODUCER_IDLE_MS } from "../../../src/core/limits.ts"
import { by, PartitionScene } from "./partition-scene.ts"

describe("a producer's batches", () => {
  it("[S6] are stored once: a repeat gets the offset of the first time, through restarts", () => {
    const scene = new PartitionScene()
    const first = scene.append(["a", "b"], by(7, 0, 0))
    expect(first).toEqual({ ok: true, value: { baseOffset: 0, appendedAt: scene.now, repeated: false } })
    scene.append(["other"])
    expect(scene.append(["c"], by(7, 0, 2))).toMatchObject({ value: { baseOffset: 3, repeated: false } })
    const firstAt = scene.now
    scene.now += 500
    for (const restarts of [0, 1]) {
      if (restarts > 0) scene.restart()
      const again = scene.append(["a", "b"], by(7, 0, 0))
      expect(again).toEqual({ ok: true, value: { baseOffset: 0, appendedAt: firstAt, repeated: true } })
      expect(scene.append(["c"], by(7, 0, 2))).toMatchObject({ value: { baseOffset: 3, repeated: true } })
      expect(scene.bodies()).toEqual(["a", "b", "other", "c"])
    }
  })

  it("[S6] are recognised within one commit too", () => {
    const scene = new PartitionScene()
    const replies = scene.commit((partition) => {
      return [by(7, 0, 0), by(7, 0, 0), by(7, 0, 1)].map((terms) => scene.appendTo(partition, ["x"], terms))
    })
    expect(replies).toMatchObject([
      { value: { baseOffset: 0, repeated: false } },
      { value: { baseOffset: 0, repeated: true } },
      { value: { baseOffset: 1, repeated: false } },
    ])
    expect(scene.bodies()).toEqual(["x", "x"])
  })

  it("[S6] are known with their offsets for the last five, older ones without", () => {
    const scene = new PartitionScene()
    for (let sequence = 0; sequence < 7; sequence++) scene.append([`${sequence}`], by(7, 0, sequence))
    scene.restart()
    for (let sequence = 0; sequence < 7; sequence++) {
      const baseOffset = sequence < 2 ? null : sequence
      expect(scene.append(["again"], by(7, 0, sequence))).toMatchObject({ value: { baseOffset, repeated: true } })
    }
    expect(scene.bodies()).toEqual(["0", "1", "2", "3", "4", "5", "6"])
  })

  it("[S6] are found again in a part of what was one batch", () => {
    const scene = new PartitionScene()
    scene.append(["other"])
    scene.append(["a", "b", "c"], by(7, 0, 0))
    expect(scene.append(["b"], by(7, 0, 1))).toMatchObject({ value: { baseOffset: 2, repeated: true } })
  })

  it("[S7] leave no gap, and are not stored in part", () => {
    const scene = new PartitionScene()
    scene.append(["a", "b"], by(7, 0, 0))
    const gap = { ok: false, error: { code: "sequence_gap", expectedSequence: 2 } }
    for (const restarts of [0, 1]) {
      if (restarts > 0) scene.restart()
      expect(scene.append(["d"], by(7, 0, 3))).toEqual(gap)
      expect(scene.append(["b", "c"], by(7, 0, 1))).toEqual(gap)
    }
    expect(scene.bodies()).toEqual(["a", "b"])
    expect(scene.append(["c"], by(7, 0, 2))).toMatchObject({ value: { baseOffset: 2 } })
  })

  it("[S7] begin at 0 under a newer epoch", () => {
    const scene = new PartitionScene()
    scene.append(["a", "b"], by(7, 0, 0))
    const gap = { ok: false, error: { code: "sequence_gap", expectedSequence: 0 } }
    expect(scene.append(["c"], by(7, 1, 2))).toEqual(gap)
    expect(scene.append(["c"], by(7, 1, 0))).toMatchObject({ value: { baseOffset: 2, repeated: false } })
    expect(scene.append(["c"], by(7, 1, 0))).toMatchObject({ value: { baseOffset: 2, repeated: true } })
  })

  it("[S8] of an older epoch are fenced once the newer one has begun here, through restarts", () => {
    const scene = new PartitionScene()
    scene.append(["old"], by(7, 3, 0))
    scene.append(["new"], by(7, 5, 0))
    for (const restarts of [0, 1]) {
      if (restarts > 0) scene.restart()
      expect(scene.append(["old"], by(7, 3, 1))).toEqual({ ok: false, error: { code: "fenced", epoch: 5 } })
      expect(scene.append(["old"], by(7, 3, 0))).toEqual({ ok: false, error: { code: "fenced", epoch: 5 } })
    }
    expect(scene.append(["of another"], by(8, 0, 0))).toMatchObject({ ok: true })
    expect(scene.bodies()).toEqual(["old", "new", "of another"])
  })

  it("[S9] are forgotten after seven idle days, and what comes then begins at 0", () => {
    const scene = new PartitionScene({ retentionMs: null })
    const startedAt = scene.now
    scene.append(["a"], by(7, 2, 0))
    scene.now += 1_000
    scene.append(["b"], by(8, 0, 0))
    expect(scene.partition.nextDeadlineAt()).toBe(startedAt + PRODUCER_IDLE_MS)
    scene.runUntil(startedAt + PRODUCER_IDLE_MS - 1)
    expect(scene.append(["late"], by(7, 1, 0))).toMatchObject({ error: { code: "fenced" } })
    scene.restart()
    scene.runUntil(startedAt + PRODUCER_IDLE_MS)
    expect(scene.count("producer")).toBe(1)
    expect(scene.append(["c"], by(7, 2, 1))).toMatchObject({ error: { expectedSequence: 0 } })
    expect(scene.append(["c"], by(7, 1, 0))).toMatchObject({ value: { repeated: false } })
    expect(scene.append(["d"], by(7, 1, 2))).toMatchObject({ error: { expectedSequence: 1 } })
  })

  it("[S9] count as new with each batch: who was idle longest goes first, before and after a restart", () => {
    const scene = new PartitionScene({ retentionMs: null })
    for (const id of [7, 8]) {
      scene.append(["x"], by(id, 0, 0))
      scene.now += 1_000
    }
    scene.append(["x"], by(7, 0, 1))
    const secondAt = scene.now - 1_000
    for (const restarts of [0, 1]) {
      if (restarts > 0) scene.restart()
      expect(scene.partition.nextDeadlineAt()).toBe(secondAt + PRODUCER_IDLE_MS)
    }
  })

  it("[S9] of a producer that is not known begin at 0, whether what was to come first was refused or never came", () => {
    const scene = new PartitionScene()
    scene.append(["other"])
    const gap = { code: "sequence_gap", expectedSequence: 0 }
    expect(scene.append(["b"], by(7, 0, 1))).toEqual({ ok: false, error: gap })
    expect(scene.append(["a"], { ...by(7, 0, 0), expectedOffset: 0 })).toMatchObject({ ok: false })
    for (const restarts of [0, 1]) {
      if (restarts > 0) scene.restart()
      expect(scene.append(["b"], by(7, 0, 1))).toEqual({ ok: false, error: gap })
    }
    expect(scene.count("producer")).toBe(0)
    expect(scene.append(["a"], by(7, 0, 0))).toMatchObject({ value: { baseOffset: 1, repeated: false } })
    expect(scene.append(["b"], by(7, 0, 1))).toMatchObject({ value: { baseOffset: 2, repeated: false } })
  })

  it("[S10] cost one row for each producer of a commit, and are stored with their records", () => {
    const scene = new PartitionScene()
    scene.statements.length = 0
    scene.commit((partition) => {
      for (let sequence = 0; sequence < 20; sequence++) {
        for (const id of [7, 8]) scene.appendTo(partition, ["x"], by(id, 0, sequence))
      }
    })
    const writes = scene.statements.filter((sql) => sql.startsWith("INSERT") || sql.startsWith("UPDATE"))
    expect(writes.map((sql) => /INTO (\w+)/.exec(sql)?.[1])).toEqual(["log", "producer", "producer"])
    expect(scene.statements).toHaveLength(3)
  })
})

describe("an append that names its offset", () => {
  it("[S12] stores only where its first record gets just that offset", () => {
    const scene = new PartitionScene()
    const at = (expectedOffset: number) => ({ producer: null, expectedOffset })
    expect(scene.append(["a"], at(1))).toEqual({ ok: false, error: { code: "offset_mismatch", endOffset: 0 } })
    expect(scene.append(["a", "b"], at(0))).toMatchObject({ value: { baseOffset: 0 } })
    expect(scene.append(["c"], at(0))).toEqual({ ok: false, error: { code: "offset_mismatch", endOffset: 2 } })
    expect(scene.bodies()).toEqual(["a", "b"])
  })

  it("[S12] wins alone among those of one commit", () => {
    const scene = new PartitionScene()
    const terms = { producer: null, expectedOffset: 0 }
    const replies = scene.commit((partition) => {
      return ["first", "second"].map((body) => scene.appendTo(partition, [body], terms))
    })
    expect(replies).toMatchObject([{ ok: true }, { error: { code: "offset_mismatch", endOffset: 1 } }])
    expect(scene.bodies()).toEqual(["first"])
  })

  it("[S12] is a repeat before it is a mismatch, and a mismatch uses up no sequence", () => {
    const scene = new PartitionScene()
    const at = (sequence: number, expectedOffset: number) => ({ ...by(7, 0, sequence), expectedOffset })
    scene.append(["a"], at(0, 0))
    expect(scene.append(["a"], at(0, 0))).toMatchObject({ value: { baseOffset: 0, repeated: true } })
    expect(scene.append(["b"], at(1, 0))).toMatchObject({ error: { code: "offset_mismatch", endOffset: 1 } })
    expect(scene.append(["b"], at(1, 1))).toMatchObject({ value: { baseOffset: 1, repeated: false } })
  })
})

import { describe, expect, it } from "vitest"
import { MAX_PRODUCERS, PRODUCER_IDLE_MS } from "../../../src/core/limits.ts"
import { decodeBatches, encodeBatches } from "../../../src/core/producers/producer-state.ts"
import { Producers, type StoredRun } from "../../../src/core/producers/producers.ts"

const NOW = 5

function by(sequence: number, epoch = 0) {
  return { producerId: 7, epoch, sequence }
}

/** Knows one producer, of which `runs` are stored one behind the other, from `sequence` on. */
function producersWith(sequence: number, ...runs: readonly StoredRun[]): Producers {
  const producers = new Producers([])
  let next = sequence
  for (const run of runs) {
    producers.note(by(next), run, NOW)
    next += run.count
  }
  return producers
}

function run(count: number, firstId: number | null): StoredRun {
  return { count, firstId, storedAt: NOW }
}

describe("what is stored of a batch", () => {
  it("is answered in runs of neighbours, as far as they are remembered", () => {
    const producers = producersWith(10, run(5, 100), run(3, null), run(2, 200))
    const match = (sequence: number, count: number) => producers.match(by(sequence), count, NOW)
    expect(match(10, 5)).toMatchObject({ value: { stored: 5, runs: [run(5, 100)] } })
    expect(match(12, 2)).toMatchObject({ value: { stored: 2, runs: [run(2, 102)] } })
    expect(match(8, 4)).toMatchObject({ value: { stored: 4, runs: [run(2, null), run(2, 100)] } })
    expect(match(13, 20)).toMatchObject({ value: { stored: 7, runs: [run(2, 103), run(3, null), run(2, 200)] } })
    expect(match(0, 3)).toMatchObject({ value: { stored: 3, runs: [run(3, null)] } })
    expect(match(20, 3)).toMatchObject({ value: { stored: 0, runs: [] } })
    expect(match(21, 3)).toEqual({ ok: false, error: { code: "sequence_gap", expectedSequence: 20 } })
  })

  it("is nothing under a newer epoch", () => {
    const producers = producersWith(0, run(5, 100))
    expect(producers.match(by(0, 1), 3, NOW)).toMatchObject({ value: { stored: 0, runs: [] } })
    expect(producers.match(by(1, 1), 3, NOW)).toMatchObject({ error: { expectedSequence: 0 } })
  })
})

describe("producers", () => {
  it.each([0, 3])("[S9] [Q54] of which nothing is known begin at 0, and nowhere else, under epoch %i", (epoch) => {
    const producers = new Producers([])
    for (const sequence of [1, 40, Number.MAX_SAFE_INTEGER]) {
      const gap = { code: "sequence_gap", expectedSequence: 0 }
      expect(producers.match(by(sequence, epoch), 3, NOW)).toEqual({ ok: false, error: gap })
    }
    expect(producers.match(by(0, epoch), 3, NOW)).toMatchObject({ value: { stored: 0, runs: [] } })
    expect(producers.takeChanges()).toBeNull()
  })

  it("[S9] are forgotten by the clock, though nothing swept them out yet", () => {
    const producers = new Producers([])
    producers.note(by(0, 2), run(1, 0), NOW)
    expect(producers.match(by(9, 1), 1, NOW + PRODUCER_IDLE_MS - 1)).toMatchObject({ ok: false })
    expect(producers.match(by(0, 1), 1, NOW + PRODUCER_IDLE_MS)).toMatchObject({ value: { stored: 0 } })
    const gap = { code: "sequence_gap", expectedSequence: 0 }
    expect(producers.match(by(1, 2), 1, NOW + PRODUCER_IDLE_MS)).toMatchObject({ error: gap })
  })

  it("[S9] are never more than MAX_PRODUCERS, however many one commit brings", () => {
    const producers = new Producers([])
    for (let producerId = 0; producerId < MAX_PRODUCERS + 500; producerId++) {
      producers.note({ producerId, epoch: 0, sequence: 0 }, run(1, producerId), NOW)
    }
    const { written, forgotten } = producers.takeChanges()!
    expect(written.map(({ producerId }) => producerId)).toEqual(
      Array.from({ length: MAX_PRODUCERS }, (_, n) => n + 500),
    )
    expect(forgotten).toEqual(Array.from({ length: 500 }, (_, producerId) => producerId))
  })

  it("[S9] of those idle for longest go when there are too many, a slice at a time", () => {
    const states = Array.from({ length: MAX_PRODUCERS + 250 }, (_, index) => {
      return { producerId: index, epoch: 0, lastAt: NOW + index, batches: [{ sequence: 0, ...run(1, 0) }] }
    })
    const producers = new Producers(states)
    const forgotten: number[] = []
    for (const expected of [200, 50, 0]) {
      producers.sweep(NOW + 1)
      const gone = producers.takeChanges()?.forgotten ?? []
      expect(gone).toHaveLength(expected)
      forgotten.push(...gone)
    }
    expect(forgotten).toEqual(Array.from({ length: 250 }, (_, index) => index))
  })

  it("keep their batches through the codec", () => {
    const batches = [
      { sequence: 0, count: 1000, firstId: 2 ** 40, storedAt: 1_700_000_000_000 },
      { sequence: 1000, count: 3, firstId: null, storedAt: 1_700_000_000_000 },
      { sequence: 2 ** 50, count: 1, firstId: 0, storedAt: 0 },
    ]
    expect(decodeBatches(encodeBatches(batches))).toEqual(batches)
    expect(() => decodeBatches(new Uint8Array([9, 0]))).toThrow("unknown version")
  })
})

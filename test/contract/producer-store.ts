import { expect, it } from "vitest"
import type { ProducerState } from "../../src/core/producers/producer-state.ts"
import type { Database } from "../../src/store/database.ts"
import { createIdentity } from "../../src/store/identity-store.ts"
import { ProducerStore } from "../../src/store/producer-store.ts"
import { type OpenPlace, plansOf, rolledBack } from "./place.ts"

function producersIn(database: Database): ProducerStore {
  database.transaction(() => createIdentity(database, "partition", { incarnation: 1, version: 1, settings: "{}" }))
  return new ProducerStore(database)
}

function stateOf(producerId: number, lastAt: number, epoch = 0): ProducerState {
  const batch = { sequence: 5, count: 2, firstId: 2 ** 41, storedAt: lastAt }
  return { producerId, epoch, lastAt, batches: [batch, { ...batch, sequence: 7, firstId: null }] }
}

/** The producers of a partition. */
export function producerStoreContract(open: OpenPlace): void {
  it("has none at first", () =>
    open().use((database) => {
      expect(producersIn(database).all()).toEqual([])
    }))

  it("keeps them with their batches, the one that was idle longest first", async () => {
    const place = open()
    const states = [stateOf(2 ** 40, 10), stateOf(3, 20, 7), stateOf(1, 30)]
    await place.use((database) => {
      const producers = producersIn(database)
      for (const state of states.toReversed()) producers.write(state)
    })
    await place.use((database) => expect(new ProducerStore(database).all()).toEqual(states))
  })

  it("replaces a producer and forgets one", () =>
    open().use((database) => {
      const producers = producersIn(database)
      for (const state of [stateOf(1, 10), stateOf(2, 20)]) producers.write(state)
      producers.write(stateOf(1, 30, 4))
      producers.remove(2)
      producers.remove(9)
      expect(producers.all()).toEqual([stateOf(1, 30, 4)])
    }))

  it("rolls back with its transaction", () =>
    open().use((database) => {
      const producers = producersIn(database)
      producers.write(stateOf(1, 10))
      rolledBack(database, () => {
        producers.remove(1)
        producers.write(stateOf(2, 20))
      })
      expect(producers.all()).toEqual([stateOf(1, 10)])
    }))

  it("is searched by id", () =>
    open().use((database) => {
      producersIn(database)
      const plans = plansOf(database, (watched) => new ProducerStore(watched).remove(1))
      expect(plans).toEqual([["SEARCH producer USING INTEGER PRIMARY KEY (rowid=?)"]])
    }))
}

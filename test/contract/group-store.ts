import { expect, it } from "vitest"
import type { GroupChanges, StoredAssignment, StoredMember } from "../../src/core/group/coordination.ts"
import type { Database } from "../../src/store/database.ts"
import { GroupStore } from "../../src/store/group-store.ts"
import { createIdentity, writeTombstone } from "../../src/store/identity-store.ts"
import { type OpenPlace, plansOf, rolledBack } from "./place.ts"

const NOTHING: GroupChanges = {
  epoch: null,
  membersWritten: [],
  membersRemoved: [],
  assignmentsWritten: [],
  assignmentsRemoved: [],
}
const AT_FIRST = { epoch: 0, emptySince: null, restartedAt: null, isRebalanceOwed: false }
const EMPTY = { ...AT_FIRST, members: [], assignments: [] }

function groupIn(database: Database): GroupStore {
  database.transaction(() => createIdentity(database, "group", { incarnation: 1, version: 1, settings: "{}" }))
  return new GroupStore(database)
}

function memberOf(id: string, joinedAt: number, instanceId: string | null = null): StoredMember {
  return {
    id,
    instanceId,
    subscription: { topics: ["t", 'q"uoted'], patterns: ["a*"] },
    joinedAt,
    heardAt: joinedAt + 1,
  }
}

function assignmentOf(topic: string, partitions: string, incarnation = 2 ** 41): StoredAssignment {
  return { topic, incarnation, partitions }
}

/** The members and assignments of a group. */
export function groupStoreContract(open: OpenPlace): void {
  it("has nobody at first, and epoch 0", () =>
    open().use((database) => {
      expect(groupIn(database).load()).toEqual(EMPTY)
    }))

  it("keeps its epoch, its members in the order in which they came, and what each has", async () => {
    const place = open()
    const members = [memberOf("z", 5, "host-1"), memberOf("a", 7), memberOf("b", 7)]
    const assignments = [assignmentOf("a", "[1]"), assignmentOf("b", "[]", 0)]
    await place.use((database) => {
      const epoch = { epoch: 2 ** 40, emptySince: null, restartedAt: 2 ** 41, isRebalanceOwed: true }
      const written = { membersWritten: members.toReversed(), assignmentsWritten: assignments.toReversed() }
      groupIn(database).write({ ...NOTHING, epoch, ...written })
    })
    await place.use((database) => {
      const stored = new GroupStore(database).load()
      expect(stored).toEqual({
        epoch: 2 ** 40,
        emptySince: null,
        restartedAt: 2 ** 41,
        isRebalanceOwed: true,
        members,
        assignments,
      })
    })
  })

  it("changes what a commit touched, and nothing else", () =>
    open().use((database) => {
      const group = groupIn(database)
      const epoch = { ...AT_FIRST, epoch: 1, emptySince: 1_700_000_000_000 }
      const members = [memberOf("a", 1), memberOf("b", 2)]
      const assignments = [assignmentOf("t", "[1]"), assignmentOf("u", "[2]")]
      group.write({ ...NOTHING, epoch, membersWritten: members, assignmentsWritten: assignments })
      group.write({
        ...NOTHING,
        membersWritten: [{ ...memberOf("b", 3, "host"), subscription: { topics: [], patterns: [] } }, memberOf("c", 4)],
        membersRemoved: ["a", "nobody"],
        assignmentsWritten: [assignmentOf("u", "[3]", 9)],
        assignmentsRemoved: ["t", "none"],
      })
      expect(group.load()).toEqual({
        ...epoch,
        members: [{ ...memberOf("b", 3, "host"), subscription: { topics: [], patterns: [] } }, memberOf("c", 4)],
        assignments: [assignmentOf("u", "[3]", 9)],
      })
      group.write({ ...NOTHING, epoch: { ...AT_FIRST, epoch: 2, emptySince: null } })
      expect(group.load()).toMatchObject({ epoch: 2, emptySince: null, members: [{ id: "b" }, { id: "c" }] })
    }))

  it("rolls back with its transaction", () =>
    open().use((database) => {
      const group = groupIn(database)
      group.write({
        ...NOTHING,
        epoch: { ...AT_FIRST, epoch: 1, emptySince: null },
        membersWritten: [memberOf("a", 1)],
      })
      rolledBack(database, () => {
        group.write({ ...NOTHING, epoch: { ...AT_FIRST, epoch: 2, emptySince: 3 }, membersRemoved: ["a"] })
      })
      expect(group.load()).toMatchObject({ epoch: 1, emptySince: null, members: [memberOf("a", 1)] })
    }))

  it("keeps nothing of an earlier life", () =>
    open().use((database) => {
      const members = { membersWritten: [memberOf("a", 1)], assignmentsWritten: [assignmentOf("t", "[]")] }
      groupIn(database).write({ ...NOTHING, epoch: { ...AT_FIRST, epoch: 7, emptySince: null }, ...members })
      database.transaction(() => writeTombstone(database, "group", 2))
      expect(new GroupStore(database).load()).toEqual(EMPTY)
    }))

  it("remembers until the next life that it is being deleted, whatever is written meanwhile", () =>
    open().use((database) => {
      const group = groupIn(database)
      expect(group.isEnding()).toBe(false)
      group.writeEnding()
      expect(group.load()).toEqual(EMPTY)
      group.write({ ...NOTHING, epoch: { ...AT_FIRST, epoch: 3 } })
      group.writeEnding()
      expect(group.isEnding()).toBe(true)
      expect(group.load()).toMatchObject({ epoch: 3 })
      expect(groupIn(database).isEnding()).toBe(false)
    }))

  it("is written by key: one row each", () =>
    open().use((database) => {
      groupIn(database)
      const removed = { ...NOTHING, membersRemoved: ["a"], assignmentsRemoved: ["t"] }
      const plans = plansOf(database, (watched) => new GroupStore(watched).write(removed))
      expect(plans).toEqual([
        ["SEARCH member USING PRIMARY KEY (id=?)"],
        ["SEARCH assignment USING PRIMARY KEY (topic=?)"],
      ])
    }))
}

import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test"
import { env } from "cloudflare:workers"
import { describe, expect, it } from "vitest"
import { readRecords } from "../../src/core/log/read.ts"
import type { CommitRequest, GrantRequest, Owner } from "../../src/core/stream/group-commands.ts"
import { DEFAULT_TOPIC_SETTINGS } from "../../src/core/stream/settings.ts"
import { batchOf, valueOf } from "./support.ts"

const VERSION = 3
let serial = 0

type Stub = ReturnType<typeof env.PARTITIONS.getByName>

const A: Owner = { group: "billing", generation: 1, memberId: "a", epoch: 1 }
const B: Owner = { ...A, memberId: "b", epoch: 2 }
const ZOMBIE = { ok: false, error: { code: "fenced", epoch: 2 } }

async function newPartition(...bodies: readonly string[]): Promise<{ stub: Stub; name: string }> {
  const name = `default/shared-${serial++}/0`
  const stub = env.PARTITIONS.getByName(name)
  await stub.init({ incarnation: VERSION, version: VERSION, settings: DEFAULT_TOPIC_SETTINGS })
  if (bodies.length > 0) await stub.append(VERSION, batchOf(bodies), null)
  return { stub, name }
}

const grantOf = (owner: Omit<Owner, "memberId"> & { memberId: string | null }): GrantRequest => {
  return { ...owner, reset: "earliest", seek: null, limit: null }
}

const commitOf = (owner: Owner, offset: number, bodies: readonly string[] = []): CommitRequest => {
  const append = bodies.length === 0 ? null : { submissions: batchOf(bodies), terms: null }
  return { ...owner, offset, metadata: `at ${offset}`, append }
}

const request = { offset: 0, maxRecords: 1000, maxBytes: 1024 * 1024 }

async function bodiesOf(stub: Stub): Promise<string[]> {
  const read = await stub.read(VERSION, request)
  if (!read.ok) throw new Error(read.error.code)
  return readRecords(read.value.rows, 0, 1000).records.map(({ record }) => valueOf(record))
}

const where = (stub: Stub) => stub.groupOffset(VERSION, A.group, A.generation)

describe("a consumer group at a partition", () => {
  it("[G1] [G5] a grant whose answer was lost is answered again, after an eviction too", async () => {
    const { stub } = await newPartition("r0", "r1")
    const granted = { ok: true, value: { memberId: "a", epoch: 1, committedOffset: 0, startOffset: 0, endOffset: 2 } }
    expect(await stub.grant(VERSION, grantOf(A))).toMatchObject(granted)
    await evictDurableObject(stub)
    expect(await stub.grant(VERSION, grantOf(A))).toMatchObject(granted)
    await stub.commitOffset(VERSION, commitOf(A, 1))
    await evictDurableObject(stub)
    const again = await stub.grant(VERSION, { ...grantOf(A), seek: { kind: "latest" }, limit: 1 })
    // a limit is never taken back within an epoch
    expect(again).toMatchObject({ ok: true, value: { committedOffset: 1, metadata: "at 1", limit: null } })
  })

  it("[G2] a zombie's commit is fenced, through evictions", async () => {
    const { stub } = await newPartition("r0", "r1", "r2")
    await stub.grant(VERSION, grantOf(A))
    await stub.commitOffset(VERSION, commitOf(A, 1))
    await evictDurableObject(stub)
    expect(await stub.commitOffset(VERSION, commitOf(A, 2))).toEqual({ ok: true, value: { offset: 2, appended: null } })
    expect(await stub.grant(VERSION, grantOf(B))).toMatchObject({ ok: true, value: { committedOffset: 2 } })
    expect(await stub.commitOffset(VERSION, commitOf(A, 3))).toEqual(ZOMBIE)
    await evictDurableObject(stub)
    expect(await stub.commitOffset(VERSION, commitOf(A, 3))).toEqual(ZOMBIE)
    expect(await where(stub)).toMatchObject({ ok: true, value: { committedOffset: 2, memberId: "b", epoch: 2 } })
  })

  it("[G2] of commits and a grant that come together, those before it count and those after it are fenced", async () => {
    const { stub } = await newPartition("r0", "r1", "r2", "r3")
    await stub.grant(VERSION, grantOf(A))
    const answers = await Promise.all([
      stub.commitOffset(VERSION, commitOf(A, 1)),
      stub.commitOffset(VERSION, commitOf(A, 2)),
      stub.grant(VERSION, grantOf(B)),
      stub.commitOffset(VERSION, commitOf(A, 3, ["zombie"])),
      stub.commitOffset(VERSION, commitOf(B, 4)),
    ])
    expect(answers).toMatchObject([
      { ok: true },
      { ok: true },
      { ok: true, value: { committedOffset: 2, metadata: "at 2" } },
      ZOMBIE,
      { ok: true, value: { offset: 4 } },
    ])
    expect(await bodiesOf(stub)).toEqual(["r0", "r1", "r2", "r3"])
  })

  it("[G4] a commit with records is there as a whole after the object was aborted", async () => {
    const { stub, name } = await newPartition("r0", "r1")
    await stub.grant(VERSION, grantOf(A))
    const committed = await stub.commitOffset(VERSION, commitOf(A, 2, ["out"]))
    expect(committed).toMatchObject({ ok: true, value: { offset: 2, appended: { baseOffset: 2 } } })
    await abortAllDurableObjects()
    const again = env.PARTITIONS.getByName(name)
    expect(await where(again)).toMatchObject({ ok: true, value: { committedOffset: 2, endOffset: 3 } })
    expect(await bodiesOf(again)).toEqual(["r0", "r1", "out"])
  })

  it("[G4] a batch that is damaged on the way commits nothing", async () => {
    const { stub } = await newPartition("r0")
    await stub.grant(VERSION, grantOf(A))
    const append = { submissions: new Uint8Array([9, 9, 9]), terms: null }
    const refused = await stub.commitOffset(VERSION, { ...commitOf(A, 1), append })
    expect(refused).toMatchObject({ ok: false, error: { code: "invalid_request" } })
    expect(await where(stub)).toMatchObject({ ok: true, value: { committedOffset: 0, endOffset: 1 } })
  })

  it("[G6] [G7] a seek and a reset are done once and are where the next one goes on", async () => {
    const { stub } = await newPartition("r0", "r1", "r2", "r3")
    await stub.grant(VERSION, grantOf(A))
    const target = { kind: "offset", offset: 3 } as const
    const preview = await stub.previewSeek(VERSION, A.group, A.generation, target)
    expect(preview).toEqual({ ok: true, value: { before: 0, offset: 3 } })
    await stub.grant(VERSION, { ...grantOf(B), seek: target })
    await evictDurableObject(stub)
    expect(await where(stub)).toMatchObject({ ok: true, value: { committedOffset: 3, epoch: 2 } })
    await stub.commitOffset(VERSION, commitOf(B, 1))
    await stub.trim(VERSION, 2)
    await evictDurableObject(stub)
    const moved = await stub.grant(VERSION, { ...grantOf(A), epoch: 3 })
    expect(moved).toMatchObject({ ok: true, value: { committedOffset: 2, resetFrom: 1 } })
  })

  it("[G8] [G12] a group that is created again begins anew, and its old members are fenced", async () => {
    const { stub } = await newPartition("r0", "r1")
    await stub.grant(VERSION, grantOf({ ...A, epoch: 9 }))
    await stub.commitOffset(VERSION, commitOf({ ...A, epoch: 9 }, 2))
    expect(await stub.forgetGroup(A.group, 1)).toEqual({ ok: true, value: null })
    expect(await stub.commitOffset(VERSION, commitOf({ ...A, epoch: 9 }, 1))).toMatchObject({
      error: { code: "fenced", epoch: 0 },
    })
    await evictDurableObject(stub)
    const next = { ...A, generation: 2, memberId: "n", epoch: 1 }
    const began = await stub.grant(VERSION, { ...grantOf(next), reset: "none" })
    expect(began).toMatchObject({ ok: true, value: { committedOffset: null, memberId: "n" } })
    expect(await stub.forgetGroup(A.group, 1)).toEqual({ ok: true, value: null })
    expect(await stub.grant(VERSION, grantOf({ ...A, epoch: 12 }))).toMatchObject({ error: { code: "fenced" } })
    expect(await stub.commitOffset(VERSION, commitOf(next, 1))).toMatchObject({ ok: true })
  })

  it("[G12] forgetting is done where there is nothing to forget, and writes nothing there", async () => {
    const never = env.PARTITIONS.getByName("default/no-such-topic/0")
    expect(await never.forgetGroup(A.group, 1)).toEqual({ ok: true, value: null })
    const tables = await runInDurableObject(never, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'").toArray(),
    )
    expect(tables).toEqual([])
    const { stub } = await newPartition()
    await stub.grant(VERSION, grantOf(A))
    await stub.destroy(VERSION)
    expect(await stub.forgetGroup(A.group, 1)).toEqual({ ok: true, value: null })
    const version = VERSION + 1
    await stub.init({ incarnation: version, version, settings: DEFAULT_TOPIC_SETTINGS })
    expect(await stub.groupOffset(version, A.group, A.generation)).toMatchObject({
      ok: true,
      value: { committedOffset: null, epoch: 0 },
    })
  })

  it("[G9] a commit from outside stands through an eviction, and ends where a member begins", async () => {
    const { stub } = await newPartition("r0", "r1", "r2")
    const outside = (epoch: number, offset: number) =>
      stub.commitOffset(VERSION, { ...commitOf(A, offset), memberId: null, epoch })
    expect(await outside(4, 2)).toMatchObject({ ok: true })
    await evictDurableObject(stub)
    expect(await outside(3, 1)).toMatchObject({ error: { code: "fenced", epoch: 4 } })
    expect(await stub.grant(VERSION, grantOf({ ...A, epoch: 5 }))).toMatchObject({ value: { committedOffset: 2 } })
    expect(await outside(6, 3)).toMatchObject({ error: { code: "fenced", epoch: 5 } })
  })

  it("[G10] reads for its owner only, and before the limit", async () => {
    const { stub } = await newPartition("r0", "r1", "r2", "r3")
    const fetched = async (owner: Owner, offset: number) => {
      const read = await stub.fetchFor(VERSION, owner, { ...request, offset })
      if (!read.ok) return read.error
      const { rows, nextOffset, endOffset } = read.value
      const bodies = readRecords(rows, offset, 1000).records.map(({ record }) => valueOf(record))
      return { bodies, nextOffset, endOffset }
    }
    expect(await fetched(A, 0)).toEqual({ code: "fenced", epoch: 0 })
    await stub.grant(VERSION, { ...grantOf(A), limit: 2 })
    expect(await fetched(A, 1)).toEqual({ bodies: ["r1"], nextOffset: 2, endOffset: 4 })
    expect(await fetched(A, 2)).toEqual({ bodies: [], nextOffset: 2, endOffset: 4 })
    expect(await fetched(A, 5)).toEqual({ code: "offset_out_of_range", latestOffset: 4 })
    await evictDurableObject(stub)
    expect(await fetched(A, 1)).toEqual({ bodies: ["r1"], nextOffset: 2, endOffset: 4 })
    await stub.grant(VERSION, grantOf(A))
    expect(await fetched(A, 1)).toEqual({ bodies: ["r1", "r2", "r3"], nextOffset: 4, endOffset: 4 })
    await stub.grant(VERSION, grantOf(B))
    expect(await fetched(A, 1)).toEqual({ code: "fenced", epoch: 2 })
    await evictDurableObject(stub)
    expect(await fetched(A, 1)).toEqual({ code: "fenced", epoch: 2 })
  })
})

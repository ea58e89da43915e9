import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { HttpScene, problem, upTo } from "../support/http.ts"
import {
  byNumber,
  committed,
  eventually,
  HttpMember,
  LONG_MS,
  nameOf,
  newGroup,
  outcomes,
  settled,
} from "../support/http-groups.ts"

const scene = new HttpScene()
/** A member that is silent is out soon, and one that is heard of now and then is not. */
const SHORT = { sessionTimeoutMs: 1_500, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 1_000 }

async function filled(partitions: number, each: number): Promise<{ topic: string; path: string }> {
  const path = await scene.topic({ partitions })
  const records = upTo(partitions * each).map((n) => ({ body: n, partition: n % partitions }))
  await scene.append(path, ...records)
  return { topic: nameOf(path), path }
}

describe.concurrent("members of a consumer group", () => {
  it("[H91] one has everything, reads from where the group begins, commits, and goes on", async () => {
    const { topic, path } = await filled(3, 4)
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const member = await HttpMember.join(scene, group, { topics: [topic] })
    expect(member.state).toMatchObject({ sessionTimeoutMs: 45_000, revoked: [], lost: [] })
    await settled([member], 3)
    expect(member.state.assigned).toMatchObject(upTo(3).map((partition) => ({ topic, partition, offset: 0 })))
    expect(member.state.heartbeatIntervalMs).toBe(5_000)
    const records = await member.read()
    expect(records.map(({ body }) => body).toSorted(byNumber)).toEqual(upTo(12))
    expect(outcomes(await member.commit({ 0: 4, 1: 4, 2: 3 }))).toEqual([4, 4, 3])
    await scene.append(path, { body: "new", partition: 0 })
    expect((await member.read({}, { 0: 4, 1: 4, 2: 3 })).map(({ body }) => body)).toEqual(["new", 11])
    expect(await committed(scene, group, topic)).toEqual([4, 4, 3])
  })

  it("[H92] a second member takes over a part, and the first keeps the rest undisturbed", async () => {
    const { topic } = await filled(4, 2)
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const first = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([first], 4)
    const before = new Map(first.state.assigned.map(({ partition, epoch }) => [partition, epoch]))
    expect(outcomes(await first.commit({ 0: 1, 1: 1, 2: 1, 3: 1 }))).toEqual([1, 1, 1, 1])
    const second = await HttpMember.join(scene, group, { topics: [topic] })
    await eventually(
      () => first.heartbeat({ owned: all(topic, 4) }),
      ({ revoked }) => revoked.length === 2,
    )
    const { revoked, heartbeatIntervalMs } = first.state
    expect(heartbeatIntervalMs).toBe(200)
    expect(revoked.every(({ deadlineAt }) => deadlineAt > Date.now() - 60_000)).toBe(true)
    await settled([first, second], 4)
    expect(first.partitions).toHaveLength(2)
    expect(first.state.assigned.map(({ partition, epoch }) => before.get(partition) === epoch)).toEqual([true, true])
    expect(new Set([...first.partitions, ...second.partitions])).toEqual(new Set(upTo(4)))
    expect(second.state.assigned.map(({ offset }) => offset)).toEqual([1, 1])
    expect(second.state.assigned.every(({ partition, epoch }) => epoch > before.get(partition)!)).toBe(true)
  })

  it("[H97] a member that was silent is out: fenced at the partition, and another one has what it had", async () => {
    const { topic } = await filled(2, 3)
    const group = await newGroup(scene, { ...SHORT, autoOffsetReset: "earliest" })
    const zombie = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([zombie], 2)
    expect(outcomes(await zombie.commit({ 0: 1, 1: 1 }))).toEqual([1, 1])
    const heir = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([heir], 2)
    expect(heir.state.assigned.map(({ offset }) => offset)).toEqual([1, 1])
    const epochs = heir.state.assigned.map(({ epoch }) => epoch)
    expect(await zombie.fetch()).toMatchObject({
      status: 200,
      body: { partitions: epochs.map((epoch) => ({ topic, problem: { code: "fenced", status: 409, epoch } })) },
    })
    expect(outcomes(await zombie.commit({ 0: 3, 1: 3 }))).toEqual(["fenced", "fenced"])
    expect(await committed(scene, group, topic)).toEqual([1, 1])
    const gone = problem(404, "not_found", { resource: "member", name: zombie.id })
    expect(await scene.post(`${zombie.path}/heartbeat`, {})).toMatchObject(gone)
    expect(await zombie.leave()).toMatchObject(gone)
  })

  it("[H95] a member that leaves hands over at once, with what it committed", async () => {
    const { topic } = await filled(2, 3)
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const [first, second] = [
      await HttpMember.join(scene, group, { topics: [topic] }),
      await HttpMember.join(scene, group, { topics: [topic] }),
    ]
    await settled([first, second], 2)
    const [partition] = first.partitions
    expect(outcomes(await first.commit({ [partition!]: 2 }))).toEqual([2])
    expect((await first.leave()).status).toBe(204)
    await settled([second], 2)
    expect(second.state.assigned.find((one) => one.partition === partition)).toMatchObject({ offset: 2 })
    expect(outcomes(await first.commit({ [partition!]: 3 }))).toEqual(["fenced"])
    expect(await first.leave()).toMatchObject(problem(404, "not_found", { resource: "member" }))
  })

  it("[H91] three members share out seven partitions fairly, and everything is read once", async () => {
    const { topic } = await filled(7, 5)
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const members: HttpMember[] = []
    for (const _ of upTo(3)) members.push(await HttpMember.join(scene, group, { topics: [topic] }))
    await settled(members, 7)
    expect(members.map(({ partitions }) => partitions.length).toSorted(byNumber)).toEqual([2, 2, 3])
    const read = (await Promise.all(members.map((member) => member.read()))).flat()
    expect(read.map(({ body }) => body).toSorted(byNumber)).toEqual(upTo(35))
  })

  it("[H91] a static member comes back under a new id to what it had, and its former self is fenced", async () => {
    const { topic } = await filled(4, 1)
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const json = { topics: [topic], instanceId: "worker-1" }
    const before = await HttpMember.join(scene, group, json)
    const other = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([before, other], 4)
    const others = other.state.assigned
    const after = await HttpMember.join(scene, group, json)
    await settled([after, other], 4)
    expect(after.id).not.toBe(before.id)
    expect(after.partitions).toEqual(before.partitions)
    expect(other.state.assigned).toEqual(others)
    expect(outcomes(await before.commit({ [before.partitions[0]!]: 1 }))).toEqual(["fenced"])
    expect(await scene.post(`${before.path}/heartbeat`, {})).toMatchObject(problem(404, "not_found"))
  })

  it("[H92] patterns take in topics that come later, and a heartbeat may change what is subscribed", async () => {
    const prefix = scene.newName()
    const names = [`${prefix}-a`, `${prefix}-b`]
    await scene.put(`/v1/topics/${names[0]}`)
    const group = await newGroup(scene)
    const member = await HttpMember.join(scene, group, { patterns: [`${prefix}-*`] })
    await settled([member], 1)
    await scene.put(`/v1/topics/${names[1]}`)
    await settled([member], 2)
    expect(new Set(member.state.assigned.map(({ topic }) => topic))).toEqual(new Set(names))
    await eventually(
      () => member.heartbeat({ topics: [names[1]] }),
      ({ assigned }) => assigned.length === 1 && assigned[0]?.topic === names[1],
    )
  })

  it("[H93] a member without partitions stands by, and is asked for heartbeats in short once one is on its way", async () => {
    const { topic } = await filled(1, 1)
    const group = await newGroup(scene, { ...SHORT, heartbeatIntervalMs: 1_000 })
    const first = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([first], 1)
    const second = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([first, second], 1)
    const [owner, standby] = first.partitions.length === 1 ? [first, second] : [second, first]
    expect(standby.state).toMatchObject({ assigned: [], waiting: false, heartbeatIntervalMs: 1_000 })
    expect((await owner.leave()).status).toBe(204)
    const coming = await eventually(
      () => standby.heartbeat(),
      ({ waiting, assigned }) => waiting || assigned.length === 1,
    )
    expect(coming.heartbeatIntervalMs).toBe(coming.waiting ? 200 : 1_000)
    await settled([standby], 1)
  })
})

describe.concurrent("a heartbeat that waits", () => {
  it("[H94] is answered when something changes", async () => {
    const { topic } = await filled(2, 1)
    const group = await newGroup(scene)
    const first = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([first], 2)
    const waiting = first.heartbeat({ waitMs: LONG_MS })
    const second = await HttpMember.join(scene, group, { topics: [topic] })
    const news = await waiting
    expect(news).toMatchObject({ assigned: [{ topic }], revoked: [{ topic }], heartbeatIntervalMs: 200 })
    await settled([first, second], 2)
  })

  it("[H94] does not wait where the member does not know what it has, and ends when the time is up", async () => {
    const { topic } = await filled(1, 1)
    const group = await newGroup(scene)
    const member = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([member], 1)
    const { assigned } = await member.heartbeat({ owned: [], waitMs: LONG_MS })
    expect(assigned).toHaveLength(1)
    const askedAt = performance.now()
    expect((await member.heartbeat({ waitMs: 500 })).assigned).toEqual(assigned)
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(499)
    const refused = await scene.post(`${member.path}/heartbeat`, { waitMs: 1 })
    expect(refused).toMatchObject(problem(422, "invalid_field", { pointer: "/waitMs" }))
  })

  it("[H92] [H94] does not wait at an epoch that is over: the partition is lost, and there anew", async () => {
    const { topic } = await filled(1, 3)
    const group = await newGroup(scene, { autoOffsetReset: "earliest", heartbeatIntervalMs: 400 })
    const member = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([member], 1)
    const [before] = member.state.assigned
    expect((await scene.post(`${group}/seek`, { topic, to: { offset: 2 } })).status).toBe(200)
    const isNew = (epoch: number): boolean => epoch > before!.epoch
    const view = () => member.heartbeat({ owned: [{ topic, partition: 0 }] })
    await eventually(view, ({ assigned }) => assigned.some(({ epoch }) => isNew(epoch)))
    const owned = [{ topic, partition: 0, epoch: before!.epoch }]
    const askedAt = performance.now()
    const told = await member.heartbeat({ owned, waitMs: LONG_MS })
    expect(told).toMatchObject({ lost: [{ topic, partition: 0 }], assigned: [{ offset: 2 }] })
    expect(told.lost[0]).toEqual({ topic, partition: 0 })
    // one that does not say since when it has it is not told so, but hears of it with the next heartbeat
    expect(await member.heartbeat({ owned: [{ topic, partition: 0 }], waitMs: LONG_MS })).toMatchObject({ lost: [] })
    expect(performance.now() - askedAt).toBeLessThan(LONG_MS)
    const waiting = member.heartbeat({ waitMs: 700 })
    expect((await waiting).lost).toEqual([])
  })

  it("[H94] ends before half of the session is over, so that the member stays in", async () => {
    const { topic } = await filled(1, 1)
    const group = await newGroup(scene, { sessionTimeoutMs: 4_000, heartbeatIntervalMs: 500 })
    const member = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([member], 1)
    for (const _ of upTo(3)) expect(await member.heartbeat({ waitMs: LONG_MS })).toMatchObject({ lost: [] })
    expect(member.partitions).toEqual([0])
  })

  it("[H94] a member that is put out meanwhile is told that it has lost all", async () => {
    const { topic } = await filled(1, 1)
    const group = await newGroup(scene)
    const json = { topics: [topic], instanceId: "i" }
    const member = await HttpMember.join(scene, group, json)
    await settled([member], 1)
    const waiting = member.heartbeat({ waitMs: LONG_MS })
    await sleep(300)
    await HttpMember.join(scene, group, json)
    expect(await waiting).toMatchObject({ assigned: [], lost: [{ topic, partition: 0 }] })
  })
})

describe.concurrent("a group's doors", () => {
  it.each([
    ["/topics/0", { topics: ["a b"] }],
    ["/topics", { topics: "a" }],
    ["/patterns/0", { patterns: ["?"] }],
    ["/instanceId", { topics: ["a"], instanceId: "" }],
    ["/memberId", { topics: ["a"], memberId: "mine" }],
    ["", {}],
  ])("[H91] a join that is wrong at %s is refused there", async (pointer, json) => {
    const group = await newGroup(scene)
    expect(await scene.post(`${group}/members`, json)).toMatchObject(problem(422, "invalid_field", { pointer }))
    expect(await scene.get(group)).toMatchObject({ body: { members: [], state: "empty" } })
  })

  it("[H91] a group that does not exist is not found, at any door", async () => {
    const none = `/v1/groups/${scene.newName()}`
    const member = `${none}/members/m`
    const missing = problem(404, "not_found", { resource: "group" })
    expect(await scene.post(`${none}/members`, { topics: ["t"] })).toMatchObject(missing)
    expect(await scene.post(`${member}/heartbeat`, {})).toMatchObject(missing)
    expect(await scene.delete(member)).toMatchObject(missing)
    const partitions = [{ topic: "t", partition: 0, epoch: 1, offset: 0 }]
    expect(await scene.post(`${member}/fetch`, { partitions })).toMatchObject(missing)
    expect(await scene.get(`${none}/offsets`)).toMatchObject(missing)
    const offsets = [{ topic: "t", partition: 0, offset: 0 }]
    expect(await scene.post(`${none}/offsets`, { offsets })).toMatchObject(missing)
    expect(await scene.post(`${none}/seek`, { topic: "t", to: "latest" })).toMatchObject(missing)
  })

  it("[H92] one that never joined is no member, and an id that is no name is none", async () => {
    const group = await newGroup(scene)
    const answer = await scene.post(`${group}/members/nobody/heartbeat`, {})
    expect(answer).toMatchObject(problem(404, "not_found", { resource: "member", name: "nobody" }))
    const wrong = await scene.post(`${group}/members/a%20b/heartbeat`, {})
    expect(wrong).toMatchObject(problem(400, "invalid_name", { name: "a b" }))
  })

  it("[H107] a group that was deleted and created again serves its own members only", async () => {
    const { topic } = await filled(1, 2)
    const group = await newGroup(scene, { autoOffsetReset: "earliest" })
    const before = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([before], 1)
    expect(outcomes(await before.commit({ 0: 2 }))).toEqual([2])
    expect((await scene.delete(group)).status).toBe(204)
    expect(
      outcomes(await scene.put(group, { autoOffsetReset: "earliest" }).then(() => before.commit({ 0: 1 }))),
    ).toEqual(["fenced"])
    const after = await HttpMember.join(scene, group, { topics: [topic] })
    await settled([after], 1)
    expect(after.state.assigned).toMatchObject([{ offset: 0 }])
    expect(await after.read()).toHaveLength(2)
    expect(outcomes(await before.commit({ 0: 1 }))).toEqual(["fenced"])
  })
})

function all(topic: string, partitions: number) {
  return upTo(partitions).map((partition) => ({ topic, partition }))
}

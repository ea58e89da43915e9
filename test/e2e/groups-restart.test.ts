import { expect, it } from "vitest"
import { HttpScene, upTo } from "../support/http.ts"
import { committed, HttpMember, LONG_MS, nameOf, newGroup, outcomes, settled } from "../support/http-groups.ts"
import { HttpShare } from "../support/http-shares.ts"

const scene = new HttpScene()

async function restart(): Promise<void> {
  await scene.broker.kill9()
  await scene.broker.restart()
}

async function filled(partitions: number, each: number): Promise<string> {
  const topic = await scene.topic({ partitions })
  await scene.append(topic, ...upTo(partitions * each).map((n) => ({ body: n, partition: n % partitions })))
  return topic
}

it("[H38] members, what they have and what they committed are there again after kill -9", async () => {
  const topic = nameOf(await filled(4, 5))
  const group = await newGroup(scene, { autoOffsetReset: "earliest" })
  const members = [
    await HttpMember.join(scene, group, { topics: [topic] }),
    await HttpMember.join(scene, group, { topics: [topic], instanceId: "i" }),
  ]
  await settled(members, 4)
  for (const member of members) {
    const offsets = Object.fromEntries(member.partitions.map((partition) => [partition, partition + 1]))
    expect(outcomes(await member.commit(offsets, { metadata: "m" }))).toEqual(Object.values(offsets))
  }
  const before = members.map(({ state }) => state.assigned.map(({ partition, epoch }) => ({ partition, epoch })))
  const shown = await scene.get(`${group}/offsets`)

  await restart()

  expect((await scene.get(`${group}/offsets`)).body).toEqual(shown.body)
  for (const [nth, member] of members.entries()) {
    expect(await member.heartbeat()).toMatchObject({ assigned: before[nth], lost: [], revoked: [] })
    const [partition] = member.partitions
    expect(await member.read({}, { [partition!]: 4 })).toContainEqual(expect.objectContaining({ partition, offset: 4 }))
    expect(outcomes(await member.commit({ [partition!]: 5 }))).toEqual([5])
  }
  expect((await members[0]!.leave()).status).toBe(204)
  await settled([members[1]!], 4)
  const given = members[1]!.state.assigned.find(({ partition }) => partition === before[0]![0]!.partition)
  expect(given).toMatchObject({ offset: 5 })
})

it("[H38] a rebalance that the broker went down in goes on when it is up", async () => {
  const topic = nameOf(await filled(6, 3))
  const group = await newGroup(scene, { autoOffsetReset: "earliest" })
  const first = await HttpMember.join(scene, group, { topics: [topic] })
  await settled([first], 6)
  expect(outcomes(await first.commit(Object.fromEntries(upTo(6).map((partition) => [partition, 2]))))).toEqual(
    upTo(6).map(() => 2),
  )
  const others = await Promise.all(upTo(2).map(() => HttpMember.join(scene, group, { topics: [topic] })))
  await restart()
  const members = [first, ...others]
  await settled(members, 6)
  expect(members.map(({ partitions }) => partitions.length)).toEqual([2, 2, 2])
  expect(others.flatMap(({ state }) => state.assigned.map(({ offset }) => offset))).toEqual([2, 2, 2, 2])
  expect((await Promise.all(members.map((member) => member.read({}, fromTwo)))).flat()).toHaveLength(6)
  expect(await committed(scene, group, topic)).toEqual(upTo(6).map(() => 2))
})

it("[H38] locks, what was accepted and what was given back of a share group are the same", async () => {
  const topic = await filled(1, 6)
  const share = await HttpShare.create(scene, topic, { lockDurationMs: 600_000 })
  const { records } = await share.receive({ maxMessages: 4 })
  const [accepted, released, held, short] = records.map(({ receipt }) => receipt)
  await share.results("ack", { receipts: [accepted] })
  await share.results("nack", { receipts: [released], delayMs: 600_000 })
  await share.results("extend", { receipts: [short], lockDurationMs: 1 })
  const before = await share.statistics()

  await restart()

  expect(await share.receive({ maxMessages: 10, waitMs: LONG_MS })).toMatchObject({
    records: [
      { offset: 3, deliveryCount: 2 },
      { offset: 4, deliveryCount: 1 },
      { offset: 5, deliveryCount: 1 },
    ],
  })
  expect(await share.results("ack", { receipts: [held, short] })).toEqual(["ok", "receipt_expired"])
  expect(await share.statistics()).toMatchObject([{ startOffset: before[0]!["startOffset"], accepted: 2, delayed: 1 }])
})

const fromTwo = Object.fromEntries(upTo(6).map((partition) => [partition, 2]))

import { expect, test } from "vitest"
import { DEFAULT_GROUP_SETTINGS, type GroupSettings } from "../../../src/core/group/settings.ts"
import { SEALED_POLL_MS } from "../../../src/core/limits.ts"
import { err, ok } from "../../../src/core/result.ts"
import type { CommitRequest } from "../../../src/core/stream/group-commands.ts"
import type {
  CatalogApi,
  CatalogEntry,
  GroupApi,
  PartitionApi,
  PartitionGroupApi,
  PartitionShareApi,
} from "../../../src/objects/contract.ts"
import { formatReceipt } from "../../../src/protocol/native/receipt.ts"
import { fakeEnv, fakeName, groupEntry, topicEntry } from "./fake-env.ts"
import { request } from "./request.ts"

type Partition = Partial<PartitionApi & PartitionGroupApi & PartitionShareApi>

let names = 0

/** A group and a topic of one partition that may change behind the Worker's back. */
class Scene {
  readonly topic = `topic-${names}`
  readonly group = `group-${names++}`
  life: CatalogEntry<GroupSettings>
  known = topicEntry(this.topic, 1)
  readonly partition: Partition = {}
  readonly coordinator: Partial<GroupApi> = {}

  constructor(settings: Partial<GroupSettings> = {}) {
    this.life = groupEntry(this.group, 1, settings)
  }

  /** Deletes the group and creates it again, of `type`. */
  recreate(type: GroupSettings["type"] = this.life.settings.type): void {
    const { incarnation, version, settings } = this.life
    this.life = { ...this.life, incarnation: incarnation + 1, version: version + 1, settings: { ...settings, type } }
  }

  post(path: string, json: unknown) {
    const catalog: Partial<CatalogApi> = {
      getGroup: async () => ok(this.life),
      getTopic: async () => ok(this.known),
    }
    const partitions = { [fakeName(this.topic)]: this.partition }
    const groups = { [fakeName(this.group)]: this.coordinator }
    return request(fakeEnv({ catalog, partitions, groups }), "POST", path, json)
  }

  commit(json: object = {}, memberId: string | null = "m") {
    const member = memberId === null ? {} : { memberId }
    const epoch = memberId === null ? {} : { epoch: 5 }
    const offsets = [{ topic: this.topic, partition: 0, ...epoch, offset: 1, ...json }]
    return this.post(`/v1/groups/${this.group}/offsets`, { ...member, offsets })
  }
}

const FENCED = err({ code: "fenced", epoch: 9 } as const)
const DONE = ok({ offset: 1, appended: null })

test("[H107] a member of the group's next life is served, though the Worker knew the one before", async () => {
  const scene = new Scene()
  const generations: number[] = []
  scene.partition.commitOffset = async (_, { generation }) => {
    generations.push(generation)
    return generation === scene.life.incarnation ? DONE : FENCED
  }
  await scene.commit()
  scene.recreate()
  expect(await scene.commit()).toMatchObject({ status: 200, body: { results: [{ offset: 1 }] } })
  expect(generations).toEqual([1, 1, 2])
})

test("[H107] one that is really fenced is asked for once, and told so", async () => {
  const scene = new Scene()
  let calls = 0
  scene.partition.commitOffset = async () => {
    calls++
    return FENCED
  }
  for (const expected of [1, 2]) {
    expect(await scene.commit()).toMatchObject({ body: { results: [{ problem: { code: "fenced", epoch: 9 } }] } })
    expect(calls).toBe(expected)
  }
})

test("[H107] a group that was deleted meanwhile is not found", async () => {
  const scene = new Scene()
  scene.partition.commitOffset = async () => FENCED
  await scene.commit()
  const gone = err({ code: "not_found", resource: "group", name: scene.group } as const)
  const env = fakeEnv({
    catalog: { getGroup: async () => gone, getTopic: async () => ok(scene.known) },
    partitions: { [fakeName(scene.topic)]: scene.partition },
  })
  const offsets = [{ topic: scene.topic, partition: 0, epoch: 5, offset: 1 }]
  const answer = await request(env, "POST", `/v1/groups/${scene.group}/offsets`, { memberId: "m", offsets })
  expect(answer).toMatchObject({ status: 404, body: { code: "not_found", resource: "group" } })
})

test("[H106] a group that is of the other kind by now is served as what it is", async () => {
  const scene = new Scene()
  scene.partition.commitOffset = async () => DONE
  expect(await scene.commit()).toMatchObject({ status: 200 })
  scene.recreate("share")
  const receive = `/v1/topics/${scene.topic}/share/${scene.group}/receive`
  const reply = { incarnation: 1, stateId: 1, stateGeneration: 2, deliveries: Uint8Array.of(1, 0) }
  scene.partition.shareReceive = async () => ok(reply)
  expect(await scene.post(receive, {})).toMatchObject({ status: 200, body: { records: [], ranges: [] } })
  expect(await scene.commit()).toMatchObject({ status: 409, body: { code: "conflict" } })
})

test("[H101] a commit from outside goes under the epoch that the coordinator says", async () => {
  const scene = new Scene()
  const requests: CommitRequest[] = []
  const asked: (readonly string[])[] = []
  scene.coordinator.standalone = async (_, topics) => {
    asked.push(topics)
    return ok(7)
  }
  scene.partition.commitOffset = async (_, commit) => {
    requests.push(commit)
    return DONE
  }
  expect(await scene.commit({ metadata: "m" }, null)).toMatchObject({ status: 200 })
  expect(asked).toEqual([[scene.topic]])
  expect(requests).toEqual([
    { group: scene.group, generation: 1, memberId: null, epoch: 7, offset: 1, metadata: "m", append: null },
  ])
  scene.coordinator.standalone = async () => err({ code: "conflict", detail: "the group has members" })
  expect(await scene.commit({}, null)).toMatchObject({ status: 409 })
  expect(requests).toHaveLength(1)
})

test("[H101] what the last member had is waited for, under an epoch that is asked for anew", async () => {
  const scene = new Scene()
  const epochs: number[] = []
  scene.coordinator.standalone = async () => ok(7 + epochs.length)
  scene.partition.commitOffset = async (_, { epoch }) => {
    epochs.push(epoch)
    return epochs.length < 3 ? FENCED : DONE
  }
  expect((await scene.commit({}, null)).body).toMatchObject({ results: [{ offset: 1 }] })
  expect(epochs).toEqual([7, 8, 9])
})

test("[H99] of a group of very many partitions one topic is shown at a time", async () => {
  const scene = new Scene()
  const topics = ["a", "b", "c"].map((topic) => ({ topic: `${scene.topic}-${topic}`, partitions: [] }))
  const describe = async () => ok({ epoch: 1, state: "stable" as const, members: [], topics })
  const getTopic = async (name: string) => ok(topicEntry(name, 256))
  const catalog = { getGroup: async () => ok(scene.life), getTopic }
  const env = fakeEnv({ catalog, groups: { [fakeName(scene.group)]: { describe } } })
  const answer = await request(env, "GET", `/v1/groups/${scene.group}/offsets`)
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_field", pointer: "/topic" } })
})

test("[H103] records that the topic has come to take are taken, and what it does not take costs no other commit", async () => {
  const scene = new Scene()
  scene.known = topicEntry(scene.topic, 1, 1, { maxRecordBytes: 3 })
  scene.partition.commitOffset = async () =>
    ok({ offset: 1, appended: { baseOffset: 4, appendedAt: 0, repeated: false } })
  const records = [{ body: "four" }]
  const refused = {
    results: [{ problem: { code: "payload_too_large", pointer: "/offsets/0/records/0", limitBytes: 3 } }],
  }
  expect((await scene.commit({ records })).body).toMatchObject(refused)
  scene.known = topicEntry(scene.topic, 1, 2, { maxRecordBytes: 4 })
  expect((await scene.commit({ records })).body).toMatchObject({
    results: [{ records: [{ partition: 0, offset: 4 }] }],
  })
})

test("[H103] records wait for a moment while partitions are being added", async () => {
  const scene = new Scene()
  const calledAt: number[] = []
  scene.partition.commitOffset = async () => {
    calledAt.push(performance.now())
    return calledAt.length < 3 ? err({ code: "partition_sealed", retryAfterMs: 1000 }) : DONE
  }
  expect(await scene.commit({ records: [{ body: 1 }] })).toMatchObject({ body: { results: [{ offset: 1 }] } })
  expect(calledAt).toHaveLength(3)
  expect(calledAt[2]! - calledAt[0]!).toBeGreaterThanOrEqual(2 * SEALED_POLL_MS - 2)
})

test("[H112] a share group begins where it has not, once", async () => {
  const scene = new Scene({ type: "share" })
  const attached: string[] = []
  scene.coordinator.attach = async (_, topic) => {
    attached.push(topic)
    return ok(null)
  }
  const reply = { incarnation: 1, stateId: 1, stateGeneration: 1, deliveries: Uint8Array.of(1, 0) }
  scene.partition.shareReceive = async (_, { generation, group, settings }) => {
    expect({ generation, group, maxLocks: settings.maxLocks }).toEqual({
      generation: 1,
      group: scene.group,
      maxLocks: DEFAULT_GROUP_SETTINGS.maxLocks,
    })
    return attached.length === 0 ? err({ code: "share_not_open" }) : ok(reply)
  }
  const receive = `/v1/topics/${scene.topic}/share/${scene.group}/receive`
  expect(await scene.post(receive, {})).toMatchObject({ status: 200, body: { records: [] } })
  expect(attached).toEqual([scene.topic])
})

test("[H118] receipts of a group that never began are none, and it does not begin by them", async () => {
  const scene = new Scene({ type: "share" })
  scene.partition.shareSettle = async () => err({ code: "share_not_open" })
  const receipt = formatReceipt({ incarnation: 1, shard: 0, stateId: 1, stateGeneration: 1, offset: 0, attempt: 1 })
  const elsewhere = formatReceipt({ incarnation: 1, shard: 7, stateId: 1, stateGeneration: 1, offset: 0, attempt: 1 })
  const ack = `/v1/topics/${scene.topic}/share/${scene.group}/ack`
  const problem = { problem: { code: "invalid_receipt" } }
  expect(await scene.post(ack, { receipts: [receipt, elsewhere] })).toMatchObject({
    status: 200,
    body: { results: [problem, problem] },
  })
})

test("[H113] a partition that can't be reached is passed over as long as another can be", async () => {
  const scene = new Scene({ type: "share" })
  scene.known = topicEntry(scene.topic, 2)
  const overloaded = err({ code: "overloaded", retryAfterMs: 1000 } as const)
  const reply = { incarnation: 1, stateId: 1, stateGeneration: 1, deliveries: Uint8Array.of(1, 0) }
  const other: Partition = { shareReceive: async () => ok(reply) }
  scene.partition.shareReceive = async () => overloaded
  const receive = (partitions: Record<string, Partition>) =>
    request(
      fakeEnv({ catalog: { getGroup: async () => ok(scene.life), getTopic: async () => ok(scene.known) }, partitions }),
      "POST",
      `/v1/topics/${scene.topic}/share/${scene.group}/receive`,
      {},
    )
  const [first, second] = [fakeName(scene.topic), fakeName(scene.topic, 1)]
  expect(await receive({ [first]: scene.partition, [second]: other })).toMatchObject({
    status: 200,
    body: { records: [] },
  })
  expect(await receive({ [first]: scene.partition, [second]: scene.partition })).toMatchObject({
    status: 503,
    body: { code: "overloaded" },
  })
})

import { expect, vi } from "vitest"
import type { Action, Kind } from "../../src/core/access/rights.ts"
import type { HttpScene } from "./http.ts"
import { HttpMember } from "./http-groups.ts"
import { HttpShare } from "./http-shares.ts"

/** One thing that a right may be for. */
export interface Need {
  readonly action: Action
  readonly kind: Kind
  readonly name: string
}

/** Names and what they hold: something of everything that an operation may be about. */
export interface World {
  readonly queue: string
  /** A dead-letter queue of `queue`, with a letter. */
  readonly dead: string
  readonly letter: string
  readonly message: string
  readonly receipt: string
  readonly topic: string
  /** One that loses no record, and holds none. */
  readonly log: string
  readonly group: string
  readonly member: string
  readonly share: string
  readonly shareReceipt: string
}

const PATIENCE = { timeout: 20_000, interval: 50 }

/** Names of which there is nothing. */
export const NOTHING: World = {
  queue: "absent",
  dead: "absent",
  letter: "1-0-1",
  message: "1-0-1",
  receipt: "x",
  topic: "absent",
  log: "absent",
  group: "absent",
  member: "absent",
  share: "absent",
  shareReceipt: "x",
}

/** A world of new names. */
export async function newWorld(scene: HttpScene): Promise<World> {
  const dead = await scene.queue()
  const queue = await scene.queue({ deadLetterQueue: last(dead) })
  await scene.send(queue, "rejected", "held", "ready")
  const [rejected, held] = await scene.receive(queue, { maxMessages: 2 })
  await scene.settle("nack", queue, { receipts: [rejected!.receipt], reject: true })
  const topic = await scene.topic({ partitions: 1, cleanup: "compact" })
  await scene.append(topic, { key: "k", body: 1 }, { key: "k", body: 2 }, { key: "k", body: 3 })
  const group = `/v1/groups/${scene.newName()}`
  expect((await scene.put(group, { autoOffsetReset: "earliest" })).status).toBe(201)
  const member = await HttpMember.join(scene, group, { topics: [last(topic)] })
  // so that commits and reads of the member are its own
  await vi.waitFor(async () => expect((await member.heartbeat()).assigned).toHaveLength(1), PATIENCE)
  const share = await HttpShare.create(scene, topic)
  const { records } = await share.receive()
  await vi.waitFor(async () => expect(await lettersIn(scene, dead)).toHaveLength(1), PATIENCE)
  const [letter] = await lettersIn(scene, dead)
  return {
    queue: last(queue),
    dead: last(dead),
    letter: letter!,
    message: rejected!.id,
    receipt: held!.receipt,
    topic: last(topic),
    log: last(await scene.topic()),
    group: last(group),
    member: member.id,
    share: last(share.group),
    shareReceipt: records[0]!.receipt,
  }
}

/** What a world holds, as its owner sees it: all that a refused request could have changed. */
export async function stateOf(scene: HttpScene, world: World): Promise<unknown> {
  const paths = [
    `/v1/queues/${world.queue}`,
    `/v1/queues/${world.dead}`,
    `/v1/queues/${world.dead}/messages`,
    `/v1/queues/${world.dead}/redrive`,
    `/v1/topics/${world.topic}`,
    `/v1/topics/${world.topic}/offsets`,
    `/v1/groups/${world.group}`,
    `/v1/groups/${world.group}/offsets`,
    `/v1/groups/${world.share}`,
    `/v1/topics/${world.topic}/share/${world.share}`,
  ]
  const answers = await Promise.all(paths.map((path) => scene.get(path)))
  return answers.map(({ status, body }) => {
    expect(status).toBe(200)
    return withoutTime(body)
  })
}

/** A token that allows just `needs`; of an address of no name only somewhere else. */
export async function tokenFor(scene: HttpScene, needs: readonly Need[]): Promise<string> {
  const rights = needs.map(({ action, kind, name }) => ({ actions: [action], [`${kind}s`]: [name] }))
  const made = await scene.post("/v1/tokens", { rights })
  expect(made, JSON.stringify(made.body)).toMatchObject({ status: 201 })
  return (made.body as { token: string }).token
}

async function lettersIn(scene: HttpScene, dead: string): Promise<string[]> {
  const browsed = await scene.get(`${dead}/messages`)
  return (browsed.body as { messages: { id: string }[] }).messages.map(({ id }) => id)
}

/** Ages and rates move by themselves. */
function withoutTime(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body, (key, value: unknown) => (TIMES.has(key) ? undefined : value))) as unknown
}

const TIMES: ReadonlySet<string> = new Set(["rates", "oldestAt", "forwarding", "lastHeardAt", "sessionEndsAt"])

function last(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1)
}

import type { Operation } from "../../support/checkers/history.ts"
import { readRecords } from "./reading.ts"
import { receive, settle } from "./receiving.ts"
import { ask, askUntilSure, listOf, type Asked, type Scene, untilOver } from "./scene.ts"

/** Longer than what nobody got an answer to may be on its way. */
const SETTLING_MS = 4_000
const VISIBILITY_MS = 5_000

/**
 * Creates a queue, uses it, and deletes it, again and again; each life has a name of its own in the history. It alone
 * uses the name, one thing after the other, so that it knows to which life what it says goes.
 */
export async function runQueueChurn(scene: Scene, name: string): Promise<void> {
  let lives = 0
  await untilOver(scene, async () => {
    const life = lives++
    const queue = lifeOf(name, life)
    await change(scene, "PUT", `/v1/queues/${name}`, { visibilityTimeoutMs: 1_000 + life })
    // in the history under the name of this life
    const own = underName(scene, name, queue)
    for (let round = scene.random.between(1, 4); round > 0; round--) {
      await sendSome(own, name, queue, round)
      const who = { client: `churn ${name}`, queue: name }
      const options = { maxMessages: 5, waitMs: 100, visibilityTimeoutMs: VISIBILITY_MS, attemptId: null }
      const held = await receive(own, who, options)
      if (held.length > 0 && scene.random.chance(0.7)) await settle(own, who, { kind: "ack", ms: 0, held })
      await change(scene, "PUT", `/v1/queues/${name}`, { visibilityTimeoutMs: 1_000 + life, maxInFlight: 100 + round })
    }
    await change(scene, "DELETE", `/v1/queues/${name}`)
  })
}

/** The same with a topic. */
export async function runTopicChurn(scene: Scene, name: string): Promise<void> {
  let lives = 0
  await untilOver(scene, async () => {
    const topic = lifeOf(name, lives++)
    await change(scene, "PUT", `/v1/topics/${name}`, { partitions: 2 })
    for (let round = scene.random.between(1, 4); round > 0; round--) {
      await appendSome(scene, name, topic, round)
      await readSome(scene, name, topic)
    }
    await change(scene, "DELETE", `/v1/topics/${name}`)
  })
}

function lifeOf(name: string, life: number): string {
  return `${name}, life ${life}`
}

/** Until it is known what became of it. What had no answer may still be on its way, and must not meet the next step. */
async function change(scene: Scene, method: string, path: string, body?: object): Promise<void> {
  const first = await ask(scene, method, path, body)
  let last = first
  while (last.answeredAt === null || last.status === 429 || last.status === 409) {
    await scene.sleep(SETTLING_MS)
    last = await askUntilSure(scene, method, path, body)
  }
  if (!isDone(last, method)) throw new Error(`${method} ${path} was answered with ${JSON.stringify(last)}`)
  if (first !== last) await scene.sleep(SETTLING_MS)
}

/** A delete that is said again may find nothing. */
function isDone({ status }: Asked, method: string): boolean {
  return status < 300 || (method === "DELETE" && status === 404)
}

async function sendSome(scene: Scene, name: string, queue: string, round: number): Promise<void> {
  const values = [0, 1].map((number) => `${queue}:${round}:${number}`)
  const asked = await ask(scene, "POST", `/v1/queues/${name}/messages`, { messages: values.map((body) => ({ body })) })
  expectFound(scene, queue, asked)
  const { calledAt, answeredAt } = asked
  const results = asked.refused
    ? values.map(() => ({ refused: asked.code }))
    : asked.status === 200
      ? listOf(asked.body, "messages").map(({ id }) => ({ id: String(id) }))
      : null
  const messages = values.map((value) => ({ value, group: null, dedupId: null, delayMs: 0 }))
  scene.recorder.add({ kind: "send", client: `churn ${name}`, queue: name, calledAt, answeredAt, messages, results })
}

async function appendSome(scene: Scene, name: string, topic: string, round: number): Promise<void> {
  const values = [0, 1, 2].map((number) => `${topic}:${round}:${number}`)
  const records = values.map((body) => ({ body, partition: 1 }))
  const asked = await ask(scene, "POST", `/v1/topics/${name}/records`, { records })
  expectFound(scene, topic, asked)
  const { calledAt, answeredAt } = asked
  const offsets = asked.status === 200 ? listOf(asked.body, "records").map(({ offset }) => Number(offset)) : null
  scene.recorder.add({
    kind: "append",
    client: `churn ${name}`,
    topic,
    partition: 1,
    records: values.map((value) => ({ value, key: null })),
    producer: null,
    calledAt,
    answeredAt,
    offsets: asked.refused ? [] : offsets,
  })
}

async function readSome(scene: Scene, name: string, topic: string): Promise<void> {
  const asked = await ask(scene, "GET", `/v1/topics/${name}/partitions/1/records?from=0`)
  expectFound(scene, topic, asked)
  if (asked.status !== 200) return
  const { calledAt, answeredAt } = asked
  const records = readRecords(listOf(asked.body, "records"))
  const nextOffset = Number(asked.body["nextOffset"])
  const place = { client: `churn ${name}`, topic, partition: 1, group: null, from: 0 }
  scene.recorder.add({ kind: "read", ...place, records, nextOffset, calledAt, answeredAt })
}

/** A scene whose history has another name for a queue. */
function underName(scene: Scene, name: string, life: string): Scene {
  const { recorder } = scene
  const renamed = (operation: Operation): Operation =>
    "queue" in operation && operation.queue === name ? { ...operation, queue: life } : operation
  return {
    ...scene,
    recorder: {
      now: () => recorder.now(),
      add: (...operations) => recorder.add(...operations.map(renamed)),
      surprise: (rule, detail) => recorder.surprise(rule, detail),
    },
  }
}

/** What was created, and not deleted since, is there. */
function expectFound({ recorder }: Scene, what: string, { code, body }: Asked): void {
  if (code === "not_found") recorder.surprise("names", `${what} was not found: ${JSON.stringify(body)}`)
}

import type { Read } from "../../support/checkers/history.ts"
import { Credit } from "./credit.ts"
import { ask, isJson, listOf, untilOver, type Json, type Scene, type Socket } from "./scene.ts"

/** What a reader reads. */
export interface ReaderPlan {
  readonly client: string
  readonly topic: string
  readonly partition: number
}

const WAITS_MS = [0, 200, 2_000]
const MAX_CREDIT = 20
const LOOK_MS = 200
const PATIENCE_MS = 3_000
const SILENT_MS = 8_000

/** Records of a read as the history has them. */
export function readRecords(records: readonly Json[]): Read["records"] {
  return records.map(({ offset, body, key, timestamp }) => ({
    offset: Number(offset),
    value: String(body),
    key: typeof key === "string" ? key : null,
    timestamp: Number(timestamp),
  }))
}

/** Reads a partition by HTTP until the world is over, now and then from its start. */
export async function runReader(scene: Scene, plan: ReaderPlan): Promise<void> {
  let from = 0
  await untilOver(scene, async () => {
    if (scene.random.chance(0.03)) from = 0
    from = await readOnce(scene, plan, from, scene.random.pick(WAITS_MS))
  })
}

/** One read; answers where to go on. */
export async function readOnce(
  scene: Scene,
  { client, topic, partition }: ReaderPlan,
  from: number,
  waitMs: number,
): Promise<number> {
  const maxRecords = scene.random.between(1, 20)
  const query = `from=${from}&maxRecords=${maxRecords}&waitMs=${waitMs}`
  const asked = await ask(scene, "GET", `/v1/topics/${topic}/partitions/${partition}/records?${query}`)
  if (asked.code === "offset_trimmed") return Number(asked.body["earliestOffset"])
  if (asked.status !== 200 || !Array.isArray(asked.body["records"])) return from
  const { calledAt, answeredAt } = asked
  const records = readRecords(listOf(asked.body, "records"))
  const nextOffset = Number(asked.body["nextOffset"])
  scene.recorder.add({
    kind: "read",
    client,
    topic,
    partition,
    group: null,
    from,
    records,
    nextOffset,
    calledAt,
    answeredAt,
  })
  return nextOffset
}

/** Reads a partition over sockets until the world is over. */
export class SocketReader {
  readonly #scene: Scene
  readonly #plan: ReaderPlan
  #from = 0
  #sub = 0
  #credit = new Credit(0, 0)

  constructor(scene: Scene, plan: ReaderPlan) {
    this.#scene = scene
    this.#plan = plan
  }

  async run(): Promise<void> {
    await untilOver(this.#scene, async () => {
      const socket = await this.#scene.broker.connect()
      if (socket !== null) await this.#serve(socket)
    })
  }

  async #serve(socket: Socket): Promise<void> {
    const { random, recorder, isOver } = this.#scene
    this.#subscribe(socket)
    let heardAt = recorder.now()
    while (socket.endedAt === null && !isOver()) {
      const arrived = await socket.receive(LOOK_MS)
      if (arrived !== null) {
        heardAt = arrived.at
        if (arrived.frame["sub"] === this.#sub) this.#received(socket, arrived.frame, arrived.at)
      } else if (recorder.now() - heardAt > SILENT_MS) return socket.cut()
      else if (recorder.now() - heardAt > PATIENCE_MS) socket.send({ type: "ping" })
      if (random.chance(0.01)) await socket.sleep(random.between(10, 3_000))
    }
    socket.close()
  }

  #subscribe(socket: Socket): void {
    const { topic, partition } = this.#plan
    this.#sub++
    this.#credit = new Credit(MAX_CREDIT, this.#scene.recorder.now())
    socket.send({ type: "subscribe", sub: this.#sub, topic, partition, from: this.#from, credit: MAX_CREDIT })
  }

  #received(socket: Socket, frame: Json, at: number): void {
    const problem = isJson(frame["problem"]) ? frame["problem"] : {}
    if (frame["type"] === "deliver") this.#delivered(socket, frame, at)
    if (frame["type"] !== "error" && frame["type"] !== "unsubscribed") return
    if (problem["code"] === "offset_trimmed") this.#from = Number(problem["earliestOffset"])
    setTimeout(
      () => {
        if (socket.endedAt === null) this.#subscribe(socket)
      },
      this.#scene.random.between(10, 300),
    )
  }

  #delivered(socket: Socket, frame: Json, at: number): void {
    const { client, topic, partition } = this.#plan
    const records = readRecords(listOf(frame, "records"))
    const nextOffset = Number(frame["nextOffset"])
    const calledAt = Math.min(at, ...records.map(() => this.#credit.take()))
    const from = this.#from
    this.#scene.recorder.add({
      kind: "read",
      client,
      topic,
      partition,
      group: null,
      from,
      records,
      nextOffset,
      calledAt,
      answeredAt: at,
    })
    this.#from = nextOffset
    if (this.#credit.left > MAX_CREDIT / 2) return
    this.#credit.grant(this.#credit.total + MAX_CREDIT, this.#scene.recorder.now())
    socket.send({ type: "credit", sub: this.#sub, credit: this.#credit.total })
  }
}

/** Removes the oldest records now and then. */
export async function runTrimmer(scene: Scene, { client, topic, partition }: ReaderPlan): Promise<void> {
  await untilOver(scene, async () => {
    await scene.sleep(scene.random.between(500, 3_000))
    const head = await ask(scene, "GET", `/v1/topics/${topic}/partitions/${partition}/head`)
    const [start, end] = [Number(head.body["startOffset"]), Number(head.body["endOffset"])]
    if (head.status !== 200 || end === start) return
    const before = scene.random.between(start, end)
    const path = `/v1/topics/${topic}/partitions/${partition}/records?before=${before}`
    const { calledAt, answeredAt, refused } = await ask(scene, "DELETE", path)
    if (!refused) scene.recorder.add({ kind: "trim", client, topic, partition, before, calledAt, answeredAt })
  })
}

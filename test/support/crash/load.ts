import { setTimeout as sleep } from "node:timers/promises"
import type { History, Outage } from "../checkers/history.ts"
import type { Promises } from "../checkers/promises.ts"
import { Catalog } from "./catalog.ts"
import { Door, nativeAsk } from "./door.ts"
import { drainedPromises, drainQueues, finishGroup, noteBegins, readTopics } from "./drain.ts"
import { GroupReader } from "./group-reader.ts"
import { Pace } from "./pace.ts"
import { Recorder } from "./recorder.ts"
import { connectSdk, type SdkClients } from "./sdk-clients.ts"
import { SdkMember } from "./sdk-group.ts"
import { GROUPS, QUEUES, queuePromises, SHARES, TOPICS, topicsKeeping } from "./settings.ts"
import { openSqsAccount, type SqsAccount } from "./sqs-account.ts"
import { Stage } from "./stage.ts"
import { queueWorkers, sdkWorkers, shareWorkers, sqsWorkers, topicWorkers } from "./workers.ts"
import { within } from "./within.ts"

/** What the load works against; `url` must stay the same when the broker is started again. */
export interface LoadTarget {
  readonly url: string
  readonly token: string
}

/** How a load works. */
export interface LoadOptions {
  /** Decides what is sent and what is done with it; when is up to the machine. */
  readonly seed: number
  /**
   * Operations a second, of all kinds together: so much is sent that they come to that, where the broker keeps up with
   * it. Null for as many as come one after the other from its workers.
   */
  readonly perSecond: number | null
  /** How long topics keep their records; longer than any load where that is not said. */
  readonly topicRetentionMs?: number
  /** Told of each answer: what was asked, how long it took, and of how many operations it was. */
  readonly onAnswer?: (what: string, tookMs: number, operations: number) => void
}

/** How much was done. An operation is a message or record that was sent, came, or was settled, or a request without any. */
export interface Operations {
  readonly total: number
  /** Of them those without an answer. */
  readonly unknown: number
}

/** Everything that a broker can do, all at once, with a record of it. */
export interface Load {
  /** All that happened so far; complete after `drain`. */
  readonly history: History
  /** What the broker was told to promise; `drainedAt` is set by `drain`. */
  readonly promises: Promises
  operations(): Operations
  /** False from `stop` on, or when a part of it failed, which `stop` tells. */
  isRunning(): boolean
  /** As `perSecond`. */
  setRate(perSecond: number | null): void
  /** Creates, changes and deletes queues and topics; resolves when all of it is done, also across a kill. */
  changeCatalog(): Promise<void>
  /** To be said right before the broker is killed. */
  goesDown(): void
  /** To be said when the broker answers again; answers how long it was away. */
  isBack(): Outage
  /** Begins nothing more, and resolves when all that was begun has an answer or none. */
  stop(): Promise<void>
  /** After `stop`: takes all that is left out of the broker, and reads all that is in it. Takes some ten seconds. */
  drain(): Promise<void>
}

/** How much later than a rule says is no fault of the broker: two cores do all of it, and the checks' clock is the load's. */
const SLACK_MS = 2_000
const CATALOG_EVERY_MS = 1_000
const MEMBERS = 3

/** Creates what the load needs in a broker that is empty, and begins. */
export async function startLoad(target: LoadTarget, options: LoadOptions): Promise<Load> {
  const recorder = new Recorder()
  const pace = new Pace(options.perSecond)
  const door = new Door(recorder, nativeAsk(target), options.onAnswer)
  const stage = new Stage(target, recorder, door, pace, options.seed)
  const topics = topicsKeeping(options.topicRetentionMs ?? null)
  await createAll(stage, topics)
  const account = await openSqsAccount(stage, options.onAnswer)
  const clients = await connectSdk(target, recorder)
  return new MixedLoad(stage, pace, account, clients, topics, options.onAnswer)
}

async function createAll({ door }: Stage, topics: Topics): Promise<void> {
  const put = async (path: string, settings: object) => door.insist("PUT", `/v1/${path}`, settings, [200, 201])
  for (const [name, { settings }] of Object.entries(QUEUES)) await put(`queues/${name}`, settings)
  for (const [name, { settings }] of Object.entries(topics)) await put(`topics/${name}`, settings)
  for (const [name, { settings }] of Object.entries({ ...GROUPS, ...SHARES })) await put(`groups/${name}`, settings)
}

type Topics = ReturnType<typeof topicsKeeping>

class MixedLoad implements Load {
  readonly #stage: Stage
  readonly #pace: Pace
  readonly #account: SqsAccount
  readonly #clients: SdkClients
  readonly #topics: Topics
  readonly #catalog: Catalog
  readonly #readers: readonly GroupReader[]
  readonly #members: readonly SdkMember[]
  #queues = queuePromises()

  constructor(
    stage: Stage,
    pace: Pace,
    account: SqsAccount,
    clients: SdkClients,
    topics: Topics,
    onAnswer: LoadOptions["onAnswer"],
  ) {
    this.#stage = stage
    this.#pace = pace
    this.#account = account
    this.#clients = clients
    this.#topics = topics
    this.#catalog = new Catalog(stage)
    for (const [name, { topic }] of Object.entries(GROUPS)) {
      noteBegins(stage, name as keyof typeof GROUPS, TOPICS[topic].settings.partitions)
    }
    this.#readers = Array.from(
      { length: MEMBERS },
      (_, nth) => new GroupReader(stage, "readers", "log", `reader ${nth}`),
    )
    const place = { group: "streamers", topic: "streamed" }
    this.#members = [0, 1].map((nth) => new SdkMember(stage, clients.consumers, place, `streamer ${nth}`))
    const workers = [
      ...queueWorkers(stage),
      ...topicWorkers(stage, this.#catalog),
      ...shareWorkers(stage, clients),
      ...sdkWorkers(stage, clients, onAnswer),
      ...sqsWorkers(stage, account),
      ...this.#readers,
      { name: "catalog", step: () => this.#changeNowAndThen() },
    ]
    for (const worker of workers) stage.start(worker)
  }

  get history(): History {
    return this.#stage.recorder.history
  }

  get promises(): Promises {
    const topics = Object.entries(this.#topics).map(([name, { promise }]) => [name, promise] as const)
    return { queues: this.#queues, topics: Object.fromEntries(topics), slackMs: SLACK_MS }
  }

  operations(): Operations {
    return this.#stage.recorder.operations
  }

  isRunning(): boolean {
    return !this.#stage.isStopping
  }

  setRate(perSecond: number | null): void {
    this.#pace.set(perSecond)
  }

  changeCatalog(): Promise<void> {
    return this.#catalog.change()
  }

  goesDown(): void {
    this.#stage.recorder.goesDown()
  }

  isBack(): Outage {
    return this.#stage.recorder.isBack()
  }

  async stop(): Promise<void> {
    await this.#stage.stop()
  }

  async drain(): Promise<void> {
    this.#pace.set(null)
    const partitions = Object.entries(TOPICS).map(([name, { settings }]) => [name, settings.partitions] as const)
    const [drained] = await Promise.all([
      drainQueues(this.#stage, this.#account, SLACK_MS),
      within("readers", finishGroup(this.#stage, "readers", this.#readers)),
      within("streamers", finishGroup(this.#stage, "streamers", [])),
    ])
    await readTopics(this.#stage, { ...Object.fromEntries(partitions), growing: this.#catalog.partitions })
    const leaving = [...this.#members.map((member) => member.close()), ...this.#readers.map((one) => one.leave())]
    await within("members", Promise.all(leaving))
    await within("clients", this.#clients.close())
    this.#queues = drainedPromises(this.#queues, drained)
  }

  async #changeNowAndThen(): Promise<void> {
    await sleep(CATALOG_EVERY_MS)
    await this.changeCatalog()
  }
}

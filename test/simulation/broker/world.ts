import { checkHistory } from "../../support/checkers/check-history.ts"
import type { History, Operation } from "../../support/checkers/history.ts"
import type { Promises, Violation } from "../../support/checkers/promises.ts"
import { Random } from "../random.ts"
import { CALM, type Profile } from "../runtime/profile.ts"
import { Runtime } from "../runtime/runtime.ts"
import { ClientSocket } from "./client-socket.ts"
import { PROFILES, type ProfileName, type Troubles } from "./profiles.ts"
import { Recorder } from "./recorder.ts"
import type { Broker, Scene } from "./scene.ts"

/** How long clients work while things go wrong. */
const TROUBLE_MS = 5_000
/** By then everybody has ended what was begun. */
const PATIENCE_MS = 300_000

/** What is going on in a broker: who does what, and what was promised to them. */
export interface Scenario {
  /** Makes queues, topics and groups, before anything goes wrong. */
  readonly setUp: (scene: Scene) => Promise<void>
  /** Clients, each until the world is over. */
  readonly clients: (makeScene: (client: string) => Scene) => readonly Promise<unknown>[]
  /** Takes what is left, once nothing goes wrong any more. Answers what is not as it should be. */
  readonly drain: (scene: Scene) => Promise<readonly string[]>
  readonly queues: () => Promises["queues"]
  readonly topics: () => Promises["topics"]
  /** What the history says besides, in other words. */
  readonly derived: (history: History) => readonly Operation[]
  /** Promises that no checker knows. */
  readonly check: (history: History) => readonly Violation[]
}

/** Makes the scenario of a seed; where clocks jump, nothing is promised of windows that end. */
export type MakeScenario = (random: Random, clocksJump: boolean) => Scenario

/** What may be wrong by design: planted faults. */
export interface WorldOptions {
  readonly trace?: boolean
  /** Plants a fault before anything happens; answers what takes it out again. */
  readonly plant?: () => () => void
}

/** What became of a seed. */
export interface Outcome {
  readonly violations: readonly Violation[]
  readonly faults: Readonly<Record<string, number>>
  readonly history: History
  readonly requests: number
  readonly trace: readonly string[]
}

/** Runs a scenario under a seed, with the troubles of a profile. */
export async function runWorld(
  scenario: MakeScenario,
  seed: number,
  profile: ProfileName,
  { trace = false, plant = () => () => {} }: WorldOptions = {},
): Promise<Outcome> {
  const runtime = new Runtime(seed, CALM, { trace })
  const remove = plant()
  try {
    return await new World(runtime, seed, PROFILES[profile]).run(scenario)
  } finally {
    remove()
    runtime.close()
  }
}

class World {
  readonly #runtime: Runtime
  readonly #seed: number
  readonly #troubles: Troubles
  readonly #recorder: Recorder
  #isOver = false
  #powerCuts = 0

  constructor(runtime: Runtime, seed: number, troubles: Troubles) {
    this.#runtime = runtime
    this.#seed = seed
    this.#troubles = troubles
    this.#recorder = new Recorder(() => runtime.now)
  }

  async run(make: MakeScenario): Promise<Outcome> {
    const scenario = make(new Random(this.#seed), this.#troubles.clockJumpEveryMs !== null)
    try {
      return this.#outcome(scenario, await this.#play(scenario))
    } catch (error) {
      // a seed like any other that fails: it is to be named, and to be traced
      this.#recorder.surprise("ended", whatWasThrown(error))
      return this.#outcome(scenario, [])
    }
  }

  /** Answers what is left at the end that should not be. */
  async #play(scenario: Scenario): Promise<readonly string[]> {
    await this.#runtime.runUntil(scenario.setUp(this.#scene("set up")), PATIENCE_MS)
    this.#runtime.profile = this.#troubles.profile
    const clients = Promise.all([
      ...scenario.clients((client) => this.#scene(client)),
      this.#cutPower(this.#scene("power")),
      this.#setClocks(this.#scene("clocks")),
    ])
    const work = clients.then(
      () => null,
      (error: unknown) => error,
    )
    await this.#runtime.run(TROUBLE_MS)
    this.#isOver = true
    this.#runtime.profile = CALM
    const error = await this.#runtime.runUntil(work, PATIENCE_MS)
    if (error !== null) throw new Error("a client failed", { cause: error })
    return this.#runtime.runUntil(scenario.drain(this.#scene("drain")), PATIENCE_MS)
  }

  #outcome(scenario: Scenario, left: readonly string[]): Outcome {
    const recorded = this.#recorder.history
    const history = { ...recorded, operations: [...recorded.operations, ...scenario.derived(recorded)] }
    const at = this.#recorder.now()
    const { faults, counts, trace, errors } = this.#runtime
    const promises = { queues: scenario.queues(), topics: scenario.topics(), slackMs: slackOf(this.#troubles.profile) }
    return {
      violations: [
        ...checkHistory(history, promises),
        ...scenario.check(history),
        ...this.#recorder.surprises,
        ...left.map((detail) => ({ rule: "drained", detail, at })),
        ...errors.map((detail) => ({ rule: "no exceptions", detail, at })),
      ],
      faults: { ...faults, powerCut: this.#powerCuts },
      history,
      requests: counts.requests,
      trace,
    }
  }

  #scene(client: string): Scene {
    const runtime = this.#runtime
    const broker: Broker = {
      request: (method, path, body, timeoutMs) =>
        runtime.request(method, path, body, timeoutMs === undefined ? {} : { timeoutMs }),
      connect: async () => {
        const socket = await runtime.connect()
        return socket === null ? null : new ClientSocket(socket, () => this.#recorder.now())
      },
    }
    return {
      broker,
      recorder: this.#recorder,
      random: new Random(hashOf(`${this.#seed} ${client}`)),
      isOver: () => this.#isOver,
      sleep: (ms) => runtime.sleep(ms),
      pauseMs: 250,
    }
  }

  async #cutPower({ random, sleep }: Scene): Promise<void> {
    const everyMs = this.#troubles.powerCutEveryMs
    if (everyMs === null) return
    for (;;) {
      await sleep(random.between(1, 2 * everyMs))
      if (this.#isOver) return
      this.#powerCuts++
      this.#runtime.crashAll()
    }
  }

  async #setClocks({ random, sleep }: Scene): Promise<void> {
    const everyMs = this.#troubles.clockJumpEveryMs
    if (everyMs === null) return
    for (;;) {
      await sleep(random.between(1, 2 * everyMs))
      if (this.#isOver) return
      const ms = random.between(-3_000, 5_000)
      const object = random.chance(0.5) ? random.pick(this.#runtime.objects()) : undefined
      this.#recorder.clockJumps(ms)
      this.#runtime.jumpClock(ms, object)
    }
  }
}

/** A way there and back, between Worker and object too, an object that pauses and an alarm that is late. */
function slackOf({ delays, chances }: Profile): number {
  const { clientMs, objectMs, commitMs, alarmLateMs, slowMs, pauseMs } = delays
  const wayMs = 2 * (clientMs[1] + objectMs[1]) + commitMs[1] + alarmLateMs[1]
  return wayMs + (chances.slow > 0 ? 4 * slowMs[1] : 0) + (chances.pause > 0 ? pauseMs[1] : 0)
}

function whatWasThrown(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const text = error.stack ?? error.message
  return error.cause === undefined ? text : `${text}, as ${whatWasThrown(error.cause)}`
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

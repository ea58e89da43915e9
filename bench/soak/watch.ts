import { join } from "node:path"
import type { TestBroker } from "../../test/support/broker.ts"
import { workerdOf } from "../figures/started-broker.ts"
import { Latencies } from "./latencies.ts"
import { folderBytes, processorMs, residentBytes } from "./process.ts"
import type { KindOfAnswer, Second } from "./soak.ts"

const SECOND_MS = 1_000
/** What is answered when something comes, and not when the broker is done. */
const WAITS: ReadonlySet<string> = new Set(["receive", "sqs receive", "read", "fetch", "join", "heartbeat"])

interface Look {
  readonly atMs: number
  readonly operations: number
  readonly pid: number
  readonly brokerMs: number | null
  readonly loadMs: number
}

/** Looks at a broker and its load once a second. */
export class Watch {
  readonly seconds: Second[] = []
  readonly #broker: TestBroker
  readonly #operations: () => number
  readonly #beganAt = performance.now()
  readonly #kinds = new Map<string, Latencies>()
  readonly #timer: NodeJS.Timeout
  #answers = new Latencies()
  #last: Look

  /** `operations` says how many there were so far. */
  constructor(broker: TestBroker, operations: () => number) {
    this.#broker = broker
    this.#operations = operations
    this.#last = this.#look()
    this.#timer = setInterval(() => this.#note(), SECOND_MS)
  }

  /** Since the watch began. */
  get nowMs(): number {
    return performance.now() - this.#beganAt
  }

  /** Of the kinds that were answered, the most frequent first. */
  get kinds(): readonly KindOfAnswer[] {
    return [...this.#kinds]
      .map(([what, times]) => ({
        what,
        answers: times.total,
        p50Ms: times.quantileMs(0.5)!,
        p99Ms: times.quantileMs(0.99)!,
        highestMs: times.highestMs,
      }))
      .sort((one, other) => other.answers - one.answers)
  }

  /** To be told of each answer. */
  readonly take = (what: string, tookMs: number): void => {
    let times = this.#kinds.get(what)
    if (!times) this.#kinds.set(what, (times = new Latencies()))
    times.add(tookMs)
    if (!WAITS.has(what)) this.#answers.add(tookMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #note(): void {
    const look = this.#look()
    const last = this.#last
    const tookMs = look.atMs - last.atMs
    this.seconds.push({
      atMs: look.atMs,
      operations: ((look.operations - last.operations) * SECOND_MS) / tookMs,
      p50Ms: this.#answers.quantileMs(0.5),
      p99Ms: this.#answers.quantileMs(0.99),
      highestMs: this.#answers.total === 0 ? null : this.#answers.highestMs,
      residentBytes: residentBytes(look.pid),
      storedBytes: folderBytes(join(this.#broker.dataDir, "objects")),
      brokerCores: coresBetween(last, look),
      loadCores: (look.loadMs - last.loadMs) / tookMs,
    })
    this.#last = look
    this.#answers = new Latencies()
  }

  #look(): Look {
    const pid = workerdOf(this.#broker)
    const { user, system } = process.cpuUsage()
    const operations = this.#operations()
    return { atMs: this.nowMs, operations, pid, brokerMs: processorMs(pid), loadMs: (user + system) / 1_000 }
  }
}

/** Of the broker; null where it was not one process all the time. */
function coresBetween(last: Look, look: Look): number | null {
  if (last.pid !== look.pid || last.brokerMs === null || look.brokerMs === null) return null
  return (look.brokerMs - last.brokerMs) / (look.atMs - last.atMs)
}

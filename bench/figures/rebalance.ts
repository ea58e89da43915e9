import { type Figure, median } from "../figure.ts"
import type { Scale } from "../figures.ts"
import { GroupMember } from "../load/group-member.ts"
import type { Generator } from "../load/generator.ts"
import type { Target } from "../load/jobs.ts"
import { withStartedBroker } from "./started-broker.ts"

const TOPIC = "rebalance"
const PARTITIONS = 100
const MEMBERS = 100
const CHANGED = 50
/** Far beyond what is asked for. */
const GIVE_UP_MS = 60_000

/** What one rebalance took. */
interface Rebalance {
  readonly ms: number
  /** Of the member that made most. */
  readonly calls: number
}

/** 100 members of one group over 100 partitions: all begin, half of them go, and as many come again. */
export async function rebalance(_: Generator, scale: Scale): Promise<Figure[]> {
  return withStartedBroker(async (broker) => {
    await put(broker, `/v1/topics/${TOPIC}`, { partitions: PARTITIONS })
    // whatever was never called is slower the first time
    await round(broker, "warm-up")
    const rounds = []
    for (let number = 1; number <= scale.rounds; number++) rounds.push(await round(broker, `group-${number}`))
    return [
      ...figures(
        `${MEMBERS} members begin`,
        rounds.map(({ begun }) => begun),
      ),
      ...figures(
        `${CHANGED} of ${MEMBERS} members leave`,
        rounds.map(({ left }) => left),
      ),
      ...figures(
        `${CHANGED} members join ${MEMBERS - CHANGED}`,
        rounds.map(({ joined }) => joined),
      ),
    ]
  })
}

async function round(broker: Target, group: string): Promise<Record<"begun" | "left" | "joined", Rebalance>> {
  await put(broker, `/v1/groups/${group}`, { autoOffsetReset: "earliest" })
  const fleet = new Fleet(broker, group)
  try {
    const begun = await fleet.measure(() => fleet.add(MEMBERS))
    const left = await fleet.measure(() => fleet.remove(CHANGED))
    const joined = await fleet.measure(() => fleet.add(CHANGED))
    return { begun, left, joined }
  } finally {
    fleet.stop()
  }
}

/** The members of one group, all of which hear what becomes of the others. */
class Fleet {
  readonly #target: Target
  readonly #group: string
  #members: GroupMember[] = []
  readonly #failed: Promise<never>
  #fail: (error: unknown) => void = () => {}
  #look: () => void = () => {}

  constructor(target: Target, group: string) {
    this.#target = target
    this.#group = group
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    // whoever measures hears of it
    this.#failed.catch(() => {})
  }

  /** How long it takes, and how many calls, until everybody has an equal share. */
  async measure(change: () => void): Promise<Rebalance> {
    for (const member of this.#members) member.count()
    const startedAt = performance.now()
    const settled = new Promise<void>((resolve) => {
      this.#look = () => {
        if (this.#isSettled) resolve()
      }
    })
    change()
    const timer = setTimeout(() => this.#fail(new Error(`not settled after ${GIVE_UP_MS} ms`)), GIVE_UP_MS)
    await Promise.race([settled, this.#failed])
    clearTimeout(timer)
    return { ms: performance.now() - startedAt, calls: Math.max(...this.#members.map(({ calls }) => calls)) }
  }

  add(count: number): void {
    for (let left = count; left > 0; left--) {
      const member = new GroupMember(this.#target, this.#group, () => this.#look())
      this.#members.push(member)
      member.run(TOPIC).catch(this.#fail)
    }
  }

  remove(count: number): void {
    for (const member of this.#members.splice(0, count)) member.leave().catch(this.#fail)
  }

  stop(): void {
    for (const member of this.#members) member.stop()
    this.#members = []
  }

  get #isSettled(): boolean {
    const share = PARTITIONS / this.#members.length
    return this.#members.every(({ isSteady, partitions }) => isSteady && partitions === share)
  }
}

function figures(name: string, rebalances: readonly Rebalance[]): Figure[] {
  const times = rebalances.map(({ ms }) => ms)
  const calls = rebalances.map((each) => each.calls)
  return [
    { name: `${name}: settled after`, value: median(times), unit: "ms", target: { atMost: 2_000 }, rounds: times },
    { name: `${name}: most calls of one`, value: median(calls), unit: "calls", target: { atMost: 5 }, rounds: calls },
  ]
}

async function put({ url, token }: Target, path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const answer = await fetch(`${url}${path}`, { method: "PUT", headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`)
}

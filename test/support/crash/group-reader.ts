import type { Random } from "../../simulation/random.ts"
import type { Answer } from "./door.ts"
import { type Assigned, GroupReads } from "./group-reads.ts"
import type { Stage, Worker } from "./stage.ts"

/** With how many of its steps a member goes, and how often it begins anew behind an outage: then it is told where. */
const LEAVING = 0.02
const BEGINNING_ANEW = 0.5

/** What a join or a heartbeat answers. */
interface MemberAnswer {
  readonly memberId: string
  readonly assigned: readonly Assigned[]
}

/** A member of a consumer group over HTTP: reads what it is given, commits, and sometimes leaves or falls silent. */
export class GroupReader implements Worker {
  readonly #stage: Stage
  readonly #path: string
  readonly #topic: string
  readonly name: string
  readonly #random: Random
  #memberId: string | null = null
  readonly #reads: GroupReads

  constructor(stage: Stage, group: string, topic: string, name: string) {
    this.#stage = stage
    this.#path = `/v1/groups/${group}`
    this.#topic = topic
    this.name = name
    this.#random = stage.random(name)
    this.#reads = new GroupReads(stage, group, name)
  }

  readonly step = async (): Promise<void> => {
    const { recorder } = this.#stage
    const beganAt = recorder.now()
    if (this.#random.chance(LEAVING)) await this.#goAway()
    await this.work()
    if (recorder.wasDownSince(beganAt) && this.#random.chance(BEGINNING_ANEW)) await this.#goAway()
  }

  /** Hears what it has, reads of it and commits it. */
  async work(): Promise<void> {
    if (this.#memberId === null) await this.#join()
    else await this.#heartbeat(this.#memberId)
    if (this.#memberId !== null) await this.#reads.fetchAndCommit(this.#memberId, this.#random)
  }

  async leave(): Promise<void> {
    if (this.#memberId === null) return
    await this.#stage.door.insist("DELETE", `${this.#path}/members/${this.#memberId}`, null, [204, 404])
    this.#forget()
  }

  /** Half of the time nobody is told. */
  async #goAway(): Promise<void> {
    if (this.#random.chance(0.5)) await this.leave()
    else this.#forget()
  }

  async #join(): Promise<void> {
    const call = await this.#stage.door.post("join", `${this.#path}/members`, { topics: [this.#topic] })
    if (call.answer !== null) this.#heard(call.answer)
  }

  async #heartbeat(memberId: string): Promise<void> {
    const path = `${this.#path}/members/${memberId}/heartbeat`
    const call = await this.#stage.door.post("heartbeat", path, { owned: this.#reads.owned })
    if (call.answer?.status === 404) this.#forget()
    else if (call.answer !== null) this.#heard(call.answer)
  }

  /** What is to be given up is not among `assigned`, and is so with the next heartbeat. */
  #heard(answer: Answer): void {
    if (answer.status !== 200) throw new Error(`${this.name} was refused: ${JSON.stringify(answer)}`)
    const { memberId, assigned } = answer.body as MemberAnswer
    this.#memberId = memberId
    this.#reads.assign(memberId, assigned)
  }

  #forget(): void {
    this.#memberId = null
    this.#reads.assign("", [])
  }
}

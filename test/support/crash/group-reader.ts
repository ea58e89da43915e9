import type { Random } from "../../simulation/random.ts"
import type { Answer } from "./door.ts"
import { type Assigned, GroupReads } from "./group-reads.ts"
import { type GROUPS, SESSION_MS } from "./settings.ts"
import type { Stage, Worker } from "./stage.ts"

/** With how many of its steps a member goes, and how often it begins anew behind an outage: then it is told where. */
const LEAVING = 0.02
const BEGINNING_ANEW = 0.5
/** When others surely have what a silent one had. */
const GHOST_AFTER_MS = 2 * SESSION_MS

/** What a join or a heartbeat answers. */
interface MemberAnswer {
  readonly memberId: string
  readonly assigned: readonly Assigned[]
}

/** A member that fell silent. */
interface Ghost {
  readonly memberId: string
  readonly reads: GroupReads
  readonly since: number
}

/**
 * A member of a consumer group over HTTP: reads what it is given, commits, and sometimes leaves or falls silent. Then it
 * comes back when others have its partitions, and commits what it read, which must be refused.
 */
export class GroupReader implements Worker {
  readonly #stage: Stage
  readonly #group: keyof typeof GROUPS
  readonly #path: string
  readonly #topic: string
  readonly name: string
  readonly #random: Random
  #memberId: string | null = null
  #reads: GroupReads
  #ghost: Ghost | null = null

  constructor(stage: Stage, group: keyof typeof GROUPS, topic: string, name: string) {
    this.#stage = stage
    this.#group = group
    this.#path = `/v1/groups/${group}`
    this.#topic = topic
    this.name = name
    this.#random = stage.random(name)
    this.#reads = new GroupReads(stage, group, name)
  }

  readonly step = async (): Promise<void> => {
    const { recorder } = this.#stage
    const beganAt = recorder.now()
    if (this.#ghost !== null && beganAt > this.#ghost.since + GHOST_AFTER_MS) await this.#comeBack(this.#ghost)
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
    if (this.#random.chance(0.5)) return this.leave()
    if (this.#memberId === null) return
    this.#ghost = { memberId: this.#memberId, reads: this.#reads, since: this.#stage.recorder.now() }
    this.#reads = new GroupReads(this.#stage, this.#group, this.name)
    this.#memberId = null
  }

  async #comeBack({ memberId, reads }: Ghost): Promise<void> {
    this.#ghost = null
    await reads.commitAll(memberId, this.#random)
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

import { Membership, problemIn, type MemberPlan } from "./membership.ts"
import { ask, listOf, untilOver, type Scene } from "./scene.ts"

const WAITS_MS = [0, 100, 500]

/** A member of a consumer group by HTTP. Now and then it sleeps beyond its session and goes on as if nothing had been. */
export class HttpMember {
  readonly #scene: Scene
  readonly #plan: MemberPlan
  readonly #membership: Membership

  constructor(scene: Scene, plan: MemberPlan) {
    this.#scene = scene
    this.#plan = plan
    this.#membership = new Membership(scene, plan)
  }

  async run(): Promise<void> {
    await untilOver(this.#scene, () => this.step())
    await this.leave()
  }

  /** One round of a member's work. */
  async step(): Promise<void> {
    const { random } = this.#scene
    if (this.#membership.memberId === "") return this.#join()
    if (random.chance(0.6)) await this.#heartbeat()
    if (this.#membership.memberId === "") return
    await this.#fetch()
    if (random.chance(0.05)) await this.#scene.sleep(random.between(500, 3_000))
    if (random.chance(0.7)) await this.#commit()
    if (random.chance(0.02)) await this.leave()
  }

  async leave(): Promise<void> {
    const { memberId } = this.#membership
    if (memberId === "") return
    await this.#commit()
    await ask(this.#scene, "DELETE", `/v1/groups/${this.#plan.group}/members/${memberId}`)
    this.#membership.out()
  }

  async #join(): Promise<void> {
    const { group, topic, instanceId } = this.#plan
    const instance = instanceId === null ? {} : { instanceId }
    const joined = await ask(this.#scene, "POST", `/v1/groups/${group}/members`, { topics: [topic], ...instance })
    if (joined.answeredAt === null || joined.status !== 200) return
    this.#membership.memberId = String(joined.body["memberId"])
    this.#membership.told(joined.body, joined.answeredAt)
  }

  async #heartbeat(): Promise<void> {
    const { memberId } = this.#membership
    const path = `/v1/groups/${this.#plan.group}/members/${memberId}/heartbeat`
    const owned = this.#membership.owned()
    const waitMs = this.#scene.random.pick(WAITS_MS)
    const heard = await ask(this.#scene, "POST", path, { owned, waitMs })
    if (heard.code === "not_found") this.#membership.out()
    if (heard.answeredAt !== null && Array.isArray(heard.body["assigned"])) {
      this.#membership.told(heard.body, heard.answeredAt)
    }
  }

  async #fetch(): Promise<void> {
    const parts = [...this.#membership.parts.values()]
    if (parts.length === 0) return
    const { topic, group } = this.#plan
    const partitions = parts.map(({ partition, epoch, offset }) => ({ topic, partition, epoch, offset }))
    const body = {
      partitions,
      maxRecords: this.#scene.random.between(1, 30),
      waitMs: this.#scene.random.pick(WAITS_MS),
    }
    const path = `/v1/groups/${group}/members/${this.#membership.memberId}/fetch`
    const { calledAt, answeredAt, body: fetched } = await ask(this.#scene, "POST", path, body)
    for (const [index, entry] of listOf(fetched, "partitions").entries()) {
      const part = parts[index]!
      if (entry["problem"] !== undefined) this.#membership.turnedAway(part, problemIn(entry))
      else this.#membership.read(part, entry, { calledAt, answeredAt })
    }
  }

  async #commit(): Promise<void> {
    const asked = this.#membership.commits()
    if (asked.length === 0) return
    const path = `/v1/groups/${this.#plan.group}/offsets`
    const { calledAt, status, body, refused, code } = await ask(
      this.#scene,
      "POST",
      path,
      this.#membership.wireCommits(asked),
    )
    const results = status === 200 ? listOf(body, "results") : refused ? code : null
    this.#membership.committed(asked, results, calledAt)
  }
}

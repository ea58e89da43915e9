import { Credit } from "./credit.ts"
import { Membership, problemIn, type CommitAsked, type MemberPlan, type Part } from "./membership.ts"
import { isUnsure, listOf, problemOf, type Json, type Scene, type Socket } from "./scene.ts"

const MEMBER_SUB = 0
const CREDIT = 15
const LOOK_MS = 100
const BEAT_MS = 250
const PATIENCE_MS = 3_000
const SILENT_MS = 8_000

/** A partition that is read over the socket. */
interface Subscription {
  readonly part: Part
  readonly credit: Credit
}

/** A member of a consumer group over sockets; where one breaks it goes on as the member that it was. */
export class SocketMember {
  readonly #scene: Scene
  readonly #plan: MemberPlan
  readonly #membership: Membership
  readonly #subscriptions = new Map<number, Subscription>()
  readonly #unanswered = new Map<number, { readonly asked: readonly CommitAsked[]; readonly calledAt: number }>()
  #numbers = MEMBER_SUB

  constructor(scene: Scene, plan: MemberPlan) {
    this.#scene = scene
    this.#plan = plan
    this.#membership = new Membership(scene, plan)
  }

  async run(): Promise<void> {
    const { random, sleep, isOver, broker } = this.#scene
    while (!isOver()) {
      const socket = await broker.connect()
      if (socket !== null) await this.#serve(socket)
      this.#subscriptions.clear()
      for (const ref of this.#unanswered.keys()) this.#committed(ref, null)
      await sleep(random.between(10, 400))
    }
  }

  async #serve(socket: Socket): Promise<void> {
    const { random, recorder, isOver } = this.#scene
    this.#join(socket)
    let heardAt = recorder.now()
    let beatAt = heardAt
    while (socket.endedAt === null && !isOver()) {
      const arrived = await socket.receive(LOOK_MS)
      if (arrived !== null) {
        heardAt = arrived.at
        this.#received(socket, arrived.frame, arrived.at)
      } else if (recorder.now() - heardAt > SILENT_MS) return socket.cut()
      else if (recorder.now() - heardAt > PATIENCE_MS) socket.send({ type: "ping" })
      if (recorder.now() - beatAt >= BEAT_MS) {
        beatAt = recorder.now()
        this.#commit(socket)
        this.#beat(socket)
      }
      if (random.chance(0.01)) await this.#scene.sleep(random.between(500, 3_000))
    }
    if (isOver()) {
      this.#commit(socket)
      socket.send({ type: "leave", sub: MEMBER_SUB })
      await this.#scene.sleep(PATIENCE_MS)
      for (let arrived = await socket.receive(0); arrived !== null; arrived = await socket.receive(0)) {
        this.#received(socket, arrived.frame, arrived.at)
      }
    }
    socket.close()
  }

  #join(socket: Socket): void {
    const { group, topic, instanceId } = this.#plan
    const { memberId } = this.#membership
    // on a socket of its own everything is told anew
    this.#membership.parts.clear()
    const who = memberId !== "" ? { memberId } : instanceId === null ? {} : { instanceId }
    socket.send({ type: "join", sub: MEMBER_SUB, group, topics: [topic], ...who })
  }

  #received(socket: Socket, frame: Json, at: number): void {
    switch (frame["type"]) {
      case "joined":
        this.#membership.memberId = String(frame["memberId"])
        return
      case "assignment":
        return this.#assigned(socket, frame, at)
      case "deliver":
        return this.#delivered(socket, frame, at)
      case "committed":
        return this.#committed(Number(frame["ref"]), listOf(frame, "results"))
      case "unsubscribed":
        return this.#unsubscribed(socket, frame)
      case "error":
        return this.#refused(socket, frame)
    }
  }

  #assigned(socket: Socket, frame: Json, at: number): void {
    const begun = this.#membership.told(frame, at)
    for (const [sub, { part }] of this.#subscriptions) {
      if (this.#membership.has(part)) continue
      this.#subscriptions.delete(sub)
      socket.send({ type: "unsubscribe", sub })
    }
    for (const part of begun) this.#subscribe(socket, part)
    // what it was asked to give up it gives up at once; its commits were said before
    if (listOf(frame, "revoked").length > 0) this.#beat(socket)
  }

  #subscribe(socket: Socket, part: Part): void {
    if (part.offset === null) return
    const { group, topic } = this.#plan
    const { memberId } = this.#membership
    const sub = ++this.#numbers
    this.#subscriptions.set(sub, { part, credit: new Credit(CREDIT, this.#scene.recorder.now()) })
    const { partition, epoch, offset: from } = part
    socket.send({ type: "subscribe", sub, topic, partition, from, credit: CREDIT, group, memberId, epoch })
  }

  #delivered(socket: Socket, frame: Json, at: number): void {
    const sub = Number(frame["sub"])
    const subscription = this.#subscriptions.get(sub)
    if (subscription === undefined) return
    const { part, credit } = subscription
    const calledAt = Math.min(at, ...listOf(frame, "records").map(() => credit.take()))
    this.#membership.read(part, frame, { calledAt, answeredAt: at })
    if (this.#scene.random.chance(0.5)) this.#commit(socket)
    if (credit.left > CREDIT / 2) return
    credit.grant(credit.total + CREDIT, this.#scene.recorder.now())
    socket.send({ type: "credit", sub, credit: credit.total })
  }

  #unsubscribed(socket: Socket, frame: Json): void {
    const sub = Number(frame["sub"])
    const subscription = this.#subscriptions.get(sub)
    if (subscription === undefined) return
    this.#subscriptions.delete(sub)
    const { part } = subscription
    this.#membership.turnedAway(part, problemIn(frame))
    if (!this.#membership.has(part)) return
    setTimeout(
      () => {
        if (socket.endedAt === null && this.#membership.has(part)) this.#subscribe(socket, part)
      },
      this.#scene.random.between(10, 300),
    )
  }

  #refused(socket: Socket, frame: Json): void {
    if (frame["ref"] !== undefined) {
      return this.#committed(Number(frame["ref"]), isUnsure(frame) ? null : (problemOf(frame) ?? ""))
    }
    if (frame["sub"] !== MEMBER_SUB) return this.#unsubscribed(socket, frame)
    if (problemOf(frame) === "not_found") this.#membership.out()
    socket.close()
  }

  #commit(socket: Socket): void {
    const asked = this.#membership.commits()
    if (asked.length === 0) return
    const ref = ++this.#numbers
    this.#unanswered.set(ref, { asked, calledAt: this.#scene.recorder.now() })
    socket.send({ type: "commit", ref, group: this.#plan.group, ...this.#membership.wireCommits(asked) })
  }

  #committed(ref: number, results: readonly Json[] | string | null): void {
    const unanswered = this.#unanswered.get(ref)
    this.#unanswered.delete(ref)
    if (unanswered) this.#membership.committed(unanswered.asked, results, unanswered.calledAt)
  }

  #beat(socket: Socket): void {
    const owned = this.#membership.owned().map(({ topic, partition }) => ({ topic, partition }))
    socket.send({ type: "heartbeat", sub: MEMBER_SUB, owned })
  }
}

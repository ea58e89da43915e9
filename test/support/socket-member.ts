import type { Frame, SocketClient } from "./socket-client.ts"

interface Part {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly sub: number
}

const MEMBER_SUB = 0

/** A consumer on a socket as one should be: reads what it is assigned, commits what it has read, gives up what it must. */
export class SocketMember {
  readonly client: SocketClient
  /** Every record that was delivered, as `partition/offset`. */
  readonly seen = new Set<string>()
  memberId = ""
  /** Says nothing any more, as if it hung. */
  silent = false
  readonly #group: string
  readonly #parts = new Map<string, Part>()
  readonly #credits = new Map<number, number>()
  readonly #timer: ReturnType<typeof setInterval>
  #lastNumber = MEMBER_SUB

  private constructor(client: SocketClient, group: string, heartbeatMs: number) {
    this.client = client
    this.#group = group
    this.#timer = setInterval(() => this.#beat(), heartbeatMs)
    void client.closed.then(() => clearInterval(this.#timer))
  }

  /** Joins, and works until its socket closes. */
  static async join(
    client: SocketClient,
    group: string,
    topics: readonly string[],
    { heartbeatMs = 200, instanceId }: { heartbeatMs?: number; instanceId?: string } = {},
  ): Promise<SocketMember> {
    const member = new SocketMember(client, group, heartbeatMs)
    client.send({ type: "join", sub: MEMBER_SUB, group, topics, ...(instanceId === undefined ? {} : { instanceId }) })
    const joined = await client.takeType("joined")
    member.memberId = String(joined["memberId"])
    client.handleFrames((frame) => member.#received(frame))
    return member
  }

  /** What it works on, as `topic/partition`. */
  get parts(): readonly string[] {
    return [...this.#parts.keys()].sort()
  }

  /** Whether the frame is of no interest to anybody else. */
  #received(frame: Frame): boolean {
    if (this.silent) return false
    switch (frame["type"]) {
      case "assignment":
        this.#assigned(frame)
        return true
      case "deliver":
        this.#delivered(frame)
        return true
      case "committed":
        return (frame["results"] as Frame[]).every((result) => result["problem"] === undefined)
      case "alive":
      case "subscribed":
        return true
    }
    return false
  }

  #assigned(frame: Frame): void {
    for (const lost of frame["lost"] as Frame[]) this.#drop(lost)
    const assigned = frame["assigned"] as (Frame & { topic: string; partition: number; epoch: number })[]
    for (const { topic, partition, epoch, ...rest } of assigned) {
      if (this.#parts.has(`${topic}/${partition}`)) continue
      const sub = ++this.#lastNumber
      this.#parts.set(`${topic}/${partition}`, { topic, partition, epoch, sub })
      const owner = { group: this.#group, memberId: this.memberId, epoch }
      const from = rest["offset"] ?? "earliest"
      this.client.send({ type: "subscribe", sub, topic, partition, from, credit: 1000, ...owner })
      this.#credits.set(sub, 1000)
    }
    const revoked = frame["revoked"] as Frame[]
    for (const part of revoked) this.#drop(part)
    // its commits were said before, and are done before it
    if (revoked.length > 0) this.#beat()
  }

  #drop({ topic, partition }: Frame): void {
    const key = `${String(topic)}/${String(partition)}`
    const part = this.#parts.get(key)
    if (part === undefined) return
    this.#parts.delete(key)
    this.client.send({ type: "unsubscribe", sub: part.sub })
  }

  #delivered(frame: Frame): void {
    const sub = frame["sub"] as number
    const part = [...this.#parts.values()].find((some) => some.sub === sub)
    if (part === undefined) return
    const { topic, partition, epoch } = part
    const records = frame["records"] as Frame[]
    for (const record of records) this.seen.add(`${partition}/${String(record["offset"])}`)
    const offsets = [{ topic, partition, epoch, offset: frame["nextOffset"] }]
    this.client.send({ type: "commit", ref: ++this.#lastNumber, group: this.#group, memberId: this.memberId, offsets })
    const credit = this.#credits.get(sub)! + records.length
    this.#credits.set(sub, credit)
    this.client.send({ type: "credit", sub, credit })
  }

  #beat(): void {
    if (this.silent) return
    const owned = [...this.#parts.values()].map(({ topic, partition }) => ({ topic, partition }))
    this.client.send({ type: "heartbeat", sub: MEMBER_SUB, owned })
  }
}

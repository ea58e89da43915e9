import { call, type Connection, type Outcome } from "./client.ts"

/** A partition that a member has. */
interface Assigned {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly offset: number
}

interface MemberAnswer {
  readonly memberId: string
  readonly assigned: readonly Assigned[]
}

/** What a fetch brings of one partition. */
type FetchedPart = Outcome<{
  readonly partition: number
  readonly records: readonly { readonly offset: number }[]
  readonly nextOffset: number
}>

const WAIT_MS = 200

/** A member of a consumer group over plain HTTP: between two requests it keeps its id, and where it is. */
export class GroupMember {
  readonly #connection: Connection
  readonly #group: string
  #state: MemberAnswer
  readonly #positions = new Map<string, number>()

  private constructor(connection: Connection, group: string, state: MemberAnswer) {
    this.#connection = connection
    this.#group = group
    this.#state = state
  }

  static async join(connection: Connection, group: string, topic: string): Promise<GroupMember> {
    const state = await call<MemberAnswer>(connection, "POST", `/groups/${group}/members`, { topics: [topic] })
    return new GroupMember(connection, group, state)
  }

  /** How many partitions it has. */
  get partitions(): number {
    return this.#state.assigned.length
  }

  /** Shows that it is there, and hears what it has. */
  async heartbeat(): Promise<void> {
    const owned = this.#state.assigned.map(({ topic, partition }) => ({ topic, partition }))
    this.#state = await this.#post(`/members/${this.#state.memberId}/heartbeat`, { owned })
  }

  /** Reads on in its partitions; answers `partition/offset` of every record. */
  async fetch(): Promise<string[]> {
    if (this.partitions === 0) return []
    const partitions = this.#state.assigned.map((assigned) => ({ ...assigned, offset: this.#positionOf(assigned) }))
    const path = `/members/${this.#state.memberId}/fetch`
    const fetched = await this.#post<{ partitions: FetchedPart[] }>(path, { partitions, waitMs: WAIT_MS })
    return fetched.partitions.flatMap((part, nth) => {
      // one that was just given up, or taken away
      if ("problem" in part) return []
      this.#positions.set(keyOf(this.#state.assigned[nth]!), part.nextOffset)
      return part.records.map(({ offset }) => `${part.partition}/${offset}`)
    })
  }

  /** Commits as far as it has read; answers how many partitions turned it away. */
  async commit(): Promise<number> {
    if (this.partitions === 0) return 0
    const offsets = this.#state.assigned.map((assigned) => {
      const { topic, partition, epoch } = assigned
      return { topic, partition, epoch, offset: this.#positionOf(assigned) }
    })
    const { memberId } = this.#state
    const committed = await this.#post<{ results: Outcome<object>[] }>("/offsets", { memberId, offsets })
    return committed.results.filter((result) => "problem" in result && result.problem.code === "fenced").length
  }

  #positionOf(assigned: Assigned): number {
    return this.#positions.get(keyOf(assigned)) ?? assigned.offset
  }

  #post<T>(path: string, body: object): Promise<T> {
    return call<T>(this.#connection, "POST", `/groups/${this.#group}${path}`, body)
  }
}

/** Whoever has a partition anew begins where it was given. */
function keyOf({ partition, epoch }: Assigned): string {
  return `${partition}@${epoch}`
}

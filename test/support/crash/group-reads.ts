import type { Random } from "../../simulation/random.ts"
import type { Append } from "../checkers/history.ts"
import type { Call, Result } from "./door.ts"
import type { Stage } from "./stage.ts"
import { appendOf } from "./topic-appender.ts"
import { type Page, pageOf } from "./topic-reader.ts"

const MAX_RECORDS = 200
const WAIT_MS = 100
/** How often an offset is committed together with a record, which happens in one transaction. */
const WITH_RECORD = 0.05

/** A partition as a member is given it. */
export interface Assigned {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  /** Where the group stands. */
  readonly offset: number
}

/** A partition that a member works on. */
interface Owned extends Assigned {
  /** All before it is committed; `offset` is that of the next record. */
  readonly committedOffset: number
}

type Fetched = Page & { readonly problem?: { readonly code: string } }

/** What a member of a group does with its partitions. */
export class GroupReads {
  readonly #stage: Stage
  readonly #group: string
  readonly #name: string
  /** By topic and partition. */
  #owned = new Map<string, Owned>()

  constructor(stage: Stage, group: string, name: string) {
    this.#stage = stage
    this.#group = group
    this.#name = name
  }

  get owned(): readonly object[] {
    return [...this.#owned.values()].map(({ topic, partition, epoch }) => ({ topic, partition, epoch }))
  }

  /** These and no others. */
  assign(member: string, assigned: readonly Assigned[]): void {
    const at = this.#stage.recorder.now()
    this.#owned = new Map(
      assigned.map((one) => {
        const known = this.#owned.get(keyOf(one))
        if (known?.epoch === one.epoch) return [keyOf(one), known]
        const { topic, partition, epoch, offset } = one
        const told = { group: this.#group, topic, partition, member, epoch, committedOffset: offset }
        this.#stage.recorder.add({ kind: "owned", at, ...told })
        return [keyOf(one), { ...one, committedOffset: offset }]
      }),
    )
  }

  async fetchAndCommit(member: string, random: Random): Promise<void> {
    const asked = [...this.#owned.values()]
    if (asked.length === 0) return
    const path = `/v1/groups/${this.#group}/members/${member}/fetch`
    const partitions = asked.map(placeOf)
    const body = { partitions, maxRecords: MAX_RECORDS, waitMs: WAIT_MS }
    const call = await this.#stage.door.post("fetch", path, body, MAX_RECORDS)
    if (call.answer?.status !== 200) return
    const fetched = (call.answer.body as { readonly partitions: readonly Fetched[] }).partitions
    for (const [index, one] of asked.entries()) this.#read(member, one, fetched[index]!, call)
    const due = [...this.#owned.values()].filter(({ offset, committedOffset }) => offset > committedOffset)
    // whoever reads on without a commit may have others read it again
    if (due.length > 0 && random.chance(0.9)) await this.#commit(member, due, random)
  }

  /** Also what it committed before. */
  async commitAll(member: string, random: Random): Promise<void> {
    const owned = [...this.#owned.values()]
    if (owned.length > 0) await this.#commit(member, owned, random)
  }

  #read(member: string, asked: Owned, fetched: Fetched, { calledAt, answeredAt }: Call): void {
    if (fetched.problem !== undefined) return void this.#owned.delete(keyOf(asked))
    const { topic, partition, epoch, offset: from } = asked
    const group = { name: this.#group, member, epoch }
    const call = { client: this.#name, calledAt, answeredAt }
    this.#stage.recorder.add({ kind: "read", ...call, topic, partition, group, from, ...pageOf(fetched) })
    this.#owned.set(keyOf(asked), { ...asked, offset: fetched.nextOffset })
  }

  async #commit(member: string, due: readonly Owned[], random: Random): Promise<void> {
    const entries = due.map((owned) => {
      const values = random.chance(WITH_RECORD) ? [this.#stage.fresh(`${this.#name} result`)] : []
      return { owned, records: values.map((value) => ({ value, key: null })) }
    })
    const offsets = entries.map(({ owned, records }) => {
      return {
        ...placeOf(owned),
        ...(records.length > 0 && { records: records.map(({ value }) => ({ body: value })) }),
      }
    })
    const body = { memberId: member, offsets }
    const call = await this.#stage.door.post("commit", `/v1/groups/${this.#group}/offsets`, body, offsets.length)
    const results = resultsOfCommit(call)
    for (const [index, entry] of entries.entries()) {
      this.#committed(member, entry.owned, entry.records, results && results[index]!, call)
    }
  }

  #committed(member: string, owned: Owned, records: Append["records"], result: CommitResult | null, call: Call): void {
    const { calledAt, answeredAt } = call
    const { topic, partition, epoch, offset } = owned
    const asked = { client: this.#name, calledAt, answeredAt }
    const outcome = result === null ? null : (result.problem?.code ?? "ok")
    const place = { group: this.#group, topic, partition, member, epoch, offset }
    this.#stage.recorder.add({ kind: "commit", ...asked, ...place, result: outcome })
    if (outcome === "ok") this.#owned.set(keyOf(owned), { ...owned, committedOffset: offset })
    if (records.length === 0) return
    const append = appendOf(this.#name, topic, partition, records, call, null)
    const offsets = result && (result.records ?? []).flatMap((one) => one.offset ?? [])
    this.#stage.recorder.add({ ...append, offsets })
  }
}

interface CommitResult extends Result {
  readonly records?: readonly Result[]
}

/** Null without an answer; a refusal of the whole is that of each. */
function resultsOfCommit({ answer }: Call): readonly CommitResult[] | null {
  if (answer === null) return null
  const { results, code } = answer.body as { readonly results?: readonly CommitResult[]; readonly code?: string }
  return results ?? Array.from({ length: MAX_RECORDS }, () => ({ problem: { code: code ?? "no reason" } }))
}

/** As requests name it. */
function placeOf({ topic, partition, epoch, offset }: Owned): Assigned {
  return { topic, partition, epoch, offset }
}

function keyOf({ topic, partition }: Assigned): string {
  return `${topic}/${partition}`
}

import type { Commit, Read } from "../../support/checkers/history.ts"
import { readRecords } from "./reading.ts"
import { isJson, isUnsure, listOf, problemOf, type Json, type Scene } from "./scene.ts"

/** Who reads what for whom. */
export interface MemberPlan {
  readonly client: string
  readonly group: string
  readonly topic: string
  /** Of a static member. */
  readonly instanceId: string | null
}

/** A partition that a member works on. */
export interface Part {
  readonly partition: number
  readonly epoch: number
  /** Where it goes on reading; null where the group has no offset. */
  offset: number | null
  /** What it has committed, or tried to. */
  committed: number | null
}

/** What a member believes to have: told by answers and frames, and written down as it is told. */
export class Membership {
  readonly parts = new Map<number, Part>()
  readonly #scene: Scene
  readonly #plan: MemberPlan
  memberId = ""

  constructor(scene: Scene, plan: MemberPlan) {
    this.#scene = scene
    this.#plan = plan
  }

  /** Takes over an assignment; answers the partitions that begin. */
  told(view: Json, at: number): Part[] {
    for (const { partition } of listOf(view, "lost")) this.parts.delete(Number(partition))
    for (const { partition } of listOf(view, "revoked")) this.parts.delete(Number(partition))
    return listOf(view, "assigned").flatMap(({ partition, epoch, offset }) => {
      if (this.parts.get(Number(partition))?.epoch === epoch) return []
      const committedOffset = offset === null ? null : Number(offset)
      const part = {
        partition: Number(partition),
        epoch: Number(epoch),
        offset: committedOffset,
        committed: committedOffset,
      }
      this.parts.set(part.partition, part)
      const { group, topic } = this.#plan
      const { memberId: member } = this
      const owned = { group, topic, member, partition: part.partition, epoch: part.epoch, committedOffset }
      this.#scene.recorder.add({ kind: "owned", at, ...owned })
      return [part]
    })
  }

  /** It is out of its group. */
  out(): void {
    this.memberId = ""
    this.parts.clear()
  }

  /** As a heartbeat or a fetch names them. */
  owned(): { readonly topic: string; readonly partition: number; readonly epoch: number }[] {
    const { topic } = this.#plan
    return [...this.parts.values()].map(({ partition, epoch }) => ({ topic, partition, epoch }))
  }

  /** Whether a partition is still its own, at the same epoch. */
  has(part: Part): boolean {
    return this.parts.get(part.partition) === part
  }

  /** Writes down what was read, and moves on. */
  read(part: Part, answer: Json, times: Pick<Read, "calledAt" | "answeredAt">): void {
    if (part.offset === null) return
    const { client, group: name, topic } = this.#plan
    const nextOffset = Number(answer["nextOffset"])
    this.#scene.recorder.add({
      kind: "read",
      client,
      topic,
      partition: part.partition,
      group: { name, member: this.memberId, epoch: part.epoch },
      from: part.offset,
      records: readRecords(listOf(answer, "records")),
      nextOffset,
      ...times,
    })
    part.offset = nextOffset
  }

  /** Where a partition can't be read on. */
  turnedAway(part: Part, problem: Json): void {
    if (problem["code"] === "offset_trimmed") part.offset = Number(problem["earliestOffset"])
    else if (problem["code"] === "fenced" && this.has(part)) this.parts.delete(part.partition)
  }

  /** What there is to commit, as a request or frame says it. */
  commits(): CommitAsked[] {
    return [...this.parts.values()].flatMap((part) => {
      if (part.offset === null || part.offset === part.committed) return []
      part.committed = part.offset
      return [{ part, offset: part.offset, memberId: this.memberId }]
    })
  }

  /** Writes down what became of commits: results of an answer, a code for all of them, or null for none. */
  committed(asked: readonly CommitAsked[], results: readonly Json[] | string | null, calledAt: number): void {
    const { client, group, topic } = this.#plan
    for (const [index, { part, offset, memberId: member }] of asked.entries()) {
      const result = typeof results === "string" ? results : resultOf(results?.[index])
      const answeredAt = result === null ? null : this.#scene.recorder.now()
      const { partition, epoch } = part
      const place = { client, group, topic, partition, member, epoch, offset }
      this.#scene.recorder.add({ kind: "commit", ...place, result, calledAt, answeredAt })
      if (result !== "ok") part.committed = null
      if (result === "fenced" && this.has(part)) this.parts.delete(partition)
    }
  }

  wireCommits(asked: readonly CommitAsked[]): object {
    const { topic } = this.#plan
    const offsets = asked.map(({ part: { partition, epoch }, offset }) => ({ topic, partition, epoch, offset }))
    return { memberId: asked[0]!.memberId, offsets }
  }
}

/** An offset that is to be committed. */
export interface CommitAsked {
  readonly part: Part
  readonly offset: number
  readonly memberId: string
}

function resultOf(entry: Json | undefined): Commit["result"] {
  if (entry === undefined || isUnsure(entry)) return null
  return problemOf(entry) ?? "ok"
}

/** The problem of an entry, or an empty one. */
export function problemIn(entry: Json): Json {
  return isJson(entry["problem"]) ? entry["problem"] : {}
}

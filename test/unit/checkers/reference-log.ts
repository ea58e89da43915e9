import type { Operation } from "../../support/checkers/history.ts"
import type { Chance } from "./chance.ts"
import { owned } from "./build.ts"

/** A partition and a group on it, that do one thing after the other, rightly; clients hear late of it, or not at all. */
export class ReferenceLog {
  readonly operations: Operation[] = []
  private readonly values: string[] = []
  private readonly appended: { values: string[]; first: number }[] = []
  private owner = { member: "m0", epoch: 0, position: 0 }
  private committed: number | null = null

  private readonly chance: Chance

  constructor(chance: Chance) {
    this.chance = chance
  }

  step(now: number): void {
    const what = this.chance.below(10)
    if (what < 3) this.append(now)
    else if (what < 5) this.read(now)
    else if (what < 7) this.readAsOwner(now)
    else if (what < 9) this.commit(now)
    else this.grant(now)
  }

  private append(now: number): void {
    const repeated = this.appended.length > 0 && this.chance.chance(0.2)
    const sequence = repeated ? this.chance.below(this.appended.length) : this.appended.length
    if (!repeated) {
      const first = this.values.length
      const values = Array.from({ length: 1 + this.chance.below(3) }, (_, index) => `x${first + index}`)
      this.values.push(...values)
      this.appended.push({ values, first })
    }
    const { values, first } = this.appended[sequence]!
    const answer = this.chance.answer(now)
    this.operations.push({
      kind: "append",
      client: "producer",
      topic: "t",
      partition: 0,
      ...answer,
      records: values.map((value) => ({ value, key: null })),
      offsets: answer.answeredAt === null ? null : values.map((_, index) => first + index),
      producer: { id: "p", epoch: 0, sequence },
    })
  }

  private read(now: number, from = this.chance.below(this.values.length + 1), group: string | null = null): number {
    const answer = this.chance.answer(now)
    if (answer.answeredAt === null) return from
    const values = this.values.slice(from, from + 5)
    const nextOffset = from + values.length
    this.operations.push({
      kind: "read",
      client: group ?? "reader",
      topic: "t",
      partition: 0,
      ...answer,
      group: group === null ? null : { name: "g", member: group, epoch: this.owner.epoch },
      from,
      records: values.map((value, index) => ({ offset: from + index, value, key: null, timestamp: now })),
      nextOffset,
    })
    return nextOffset
  }

  private readAsOwner(now: number): void {
    if (this.owner.epoch === 0) return
    this.owner.position = this.read(now, this.owner.position, this.owner.member)
  }

  private commit(now: number): void {
    const { member, epoch, position } = this.owner
    if (epoch === 0) return
    const fenced = this.chance.chance(0.2)
    const answer = this.chance.answer(now)
    if (!fenced) this.committed = position
    this.operations.push({
      kind: "commit",
      client: member,
      group: "g",
      topic: "t",
      partition: 0,
      ...answer,
      member: fenced ? "former" : member,
      epoch: fenced ? epoch - 1 : epoch,
      offset: position,
      result: answer.answeredAt === null ? null : fenced ? "fenced" : "ok",
    })
  }

  private grant(now: number): void {
    const epoch = this.owner.epoch + 1
    const position = this.committed ?? 0
    this.owner = { member: `m${epoch}`, epoch, position }
    this.operations.push(owned(this.owner.member, epoch, this.committed, now + this.chance.below(200)))
  }
}

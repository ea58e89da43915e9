import { setTimeout as sleep } from "node:timers/promises"
import { expect } from "vitest"
import type { Answer, HttpScene } from "./http.ts"

/** A partition as `assigned` shows it. */
export interface Assigned {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly offset: number | null
}

/** A member as a join or a heartbeat answers it. */
export interface MemberAnswer {
  readonly memberId: string
  readonly epoch: number
  readonly heartbeatIntervalMs: number
  readonly sessionTimeoutMs: number
  readonly assigned: readonly Assigned[]
  readonly revoked: readonly { topic: string; partition: number; epoch: number; deadlineAt: number }[]
  readonly lost: readonly { topic: string; partition: number }[]
  readonly waiting: boolean
}

/** A record of a fetch. */
export interface Fetched {
  readonly partition: number
  readonly offset: number
  readonly body: unknown
}

/** Longer than any test should take: who waits for all of it has missed what came. */
export const LONG_MS = 20_000
const POLL_MS = 50

/** A new group; answers its path. */
export async function newGroup(scene: HttpScene, settings: object = {}): Promise<string> {
  const path = `/v1/groups/${scene.newName()}`
  expect((await scene.put(path, settings)).status).toBe(201)
  return path
}

/** A name from its path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1)
}

/** A member that does as it is told: it gives up at once what it is asked to. */
export class HttpMember {
  readonly #scene: HttpScene
  readonly group: string
  state: MemberAnswer

  private constructor(scene: HttpScene, group: string, state: MemberAnswer) {
    this.#scene = scene
    this.group = group
    this.state = state
  }

  static async join(scene: HttpScene, group: string, json: object): Promise<HttpMember> {
    const joined = await scene.post(`${group}/members`, json)
    expect(joined, JSON.stringify(joined.body)).toMatchObject({ status: 200 })
    return new HttpMember(scene, group, joined.body as MemberAnswer)
  }

  get id(): string {
    return this.state.memberId
  }

  get path(): string {
    return `${this.group}/members/${this.id}`
  }

  /** Numbers of its partitions, with several topics of all of them. */
  get partitions(): readonly number[] {
    return this.state.assigned.map(({ partition }) => partition).toSorted(byNumber)
  }

  /** Works on what it may keep, and hears what there is to hear. */
  async heartbeat(json: object = {}): Promise<MemberAnswer> {
    const owned = this.state.assigned.map(({ topic, partition, epoch }) => ({ topic, partition, epoch }))
    const answer = await this.#scene.post(`${this.path}/heartbeat`, { owned, ...json })
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
    this.state = answer.body as MemberAnswer
    return this.state
  }

  /** Fetches everything that it has, from where it was given or where `from` says, by partition. */
  fetch(json: object = {}, from: Readonly<Record<number, number>> = {}): Promise<Answer> {
    const partitions = this.state.assigned.map((one) => ({ ...one, offset: from[one.partition] ?? one.offset }))
    return this.#scene.post(`${this.path}/fetch`, { partitions, ...json })
  }

  /** The records of a fetch that went well. */
  async read(json: object = {}, from: Readonly<Record<number, number>> = {}): Promise<Fetched[]> {
    const fetched = await this.fetch(json, from)
    expect(fetched, JSON.stringify(fetched.body)).toMatchObject({ status: 200 })
    const { partitions } = fetched.body as {
      partitions: { partition: number; records: Omit<Fetched, "partition">[] }[]
    }
    return partitions.flatMap(({ partition, records }) => records.map((record) => ({ ...record, partition })))
  }

  /** Commits offsets by partition of its first topic; more of an entry may stand in `extra`. */
  commit(offsets: Readonly<Record<number, number>>, extra: object = {}): Promise<Answer> {
    const entries = this.state.assigned.flatMap(({ topic, partition, epoch }) =>
      offsets[partition] === undefined ? [] : [{ topic, partition, epoch, offset: offsets[partition], ...extra }],
    )
    return this.#scene.post(`${this.group}/offsets`, { memberId: this.id, offsets: entries })
  }

  leave(): Promise<Answer> {
    return this.#scene.delete(this.path)
  }
}

/** Heartbeats of `members` until nothing moves and they have so many partitions together. */
export async function settled(members: readonly HttpMember[], partitions: number): Promise<void> {
  await eventually(
    () => Promise.all(members.map((member) => member.heartbeat())),
    (states) => {
      const isMoving = states.some(({ revoked, lost, waiting }) => revoked.length + lost.length > 0 || waiting)
      return !isMoving && states.reduce((sum, { assigned }) => sum + assigned.length, 0) === partitions
    },
  )
}

/** Looks again and again until it sees what it wants to; `expect.poll` is not for tests that run side by side. */
export async function eventually<T>(look: () => Promise<T>, isWanted: (seen: T) => boolean): Promise<T> {
  const giveUpAt = performance.now() + LONG_MS
  for (;;) {
    const seen = await look()
    if (isWanted(seen)) return seen
    if (performance.now() > giveUpAt) throw new Error(`never came: ${JSON.stringify(seen)}`)
    await sleep(POLL_MS)
  }
}

/** For sorting numbers that are any JSON to their reader. */
export function byNumber(left: unknown, right: unknown): number {
  return Number(left) - Number(right)
}

/** What a commit answered: offsets, and codes of problems. */
export function outcomes(answer: Answer): (number | string)[] {
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  const { results } = answer.body as { results: { offset: number; problem?: { code: string } }[] }
  return results.map(({ offset, problem }) => problem?.code ?? offset)
}

/** Committed offsets of a group by partition. */
export async function committed(scene: HttpScene, group: string, topic: string): Promise<(number | null)[]> {
  const shown = await scene.get(`${group}/offsets?topic=${topic}`)
  expect(shown, JSON.stringify(shown.body)).toMatchObject({ status: 200 })
  const { partitions } = shown.body as { partitions: { committedOffset: number | null }[] }
  return partitions.map(({ committedOffset }) => committedOffset)
}

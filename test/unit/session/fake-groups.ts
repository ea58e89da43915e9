import type { Failure } from "../../../src/core/errors.ts"
import type { HeartbeatRequest, JoinRequest, MemberPartition, MemberView } from "../../../src/core/group/commands.ts"
import { err, ok, type Result } from "../../../src/core/result.ts"
import type { GroupCalls } from "../../../src/session/ports.ts"

type CommitCall = Parameters<GroupCalls["commit"]>
type Committed = Awaited<ReturnType<GroupCalls["commit"]>>

/** Coordinators that answer what the test has them answer. */
export class FakeGroups implements GroupCalls {
  /** Names of the calls that came, in order. */
  readonly calls: string[] = []
  readonly joins: JoinRequest[] = []
  readonly heartbeats: HeartbeatRequest[] = []
  readonly commits: CommitCall[] = []
  /** What every member has. */
  partitions: readonly MemberPartition[] = []
  isWaiting = false
  /** What calls are refused with, by their name; for ever. */
  readonly refusals = new Map<string, Failure>()
  /** Outcomes of the commits, where they are not what was asked for. */
  readonly outcomes: Committed[] = []
  /** Resolves when calls may be answered. */
  gate: Promise<void> = Promise.resolve()

  join(_group: string, request: JoinRequest): Promise<Result<MemberView, Failure>> {
    this.joins.push(request)
    return this.#view("join", request.memberId)
  }

  heartbeat(_group: string, request: HeartbeatRequest): Promise<Result<MemberView, Failure>> {
    this.heartbeats.push(request)
    return this.#view("heartbeat", request.memberId)
  }

  member(_group: string, memberId: string): Promise<Result<MemberView, Failure>> {
    return this.#view("member", memberId)
  }

  async leave(): Promise<Result<null, Failure>> {
    return this.#answer("leave", () => null)
  }

  async attach(): Promise<Result<null, Failure>> {
    return this.#answer("attach", () => null)
  }

  async commit(...call: CommitCall): Promise<Committed> {
    this.commits.push(call)
    const [, { offsets }] = call
    const committed = await this.#answer("commit", () => offsets.map(({ offset }) => ok({ offset, appended: null })))
    return this.outcomes.shift() ?? committed
  }

  /** The id of the member that joined last. */
  get memberId(): string {
    const { memberId } = this.joins.at(-1) ?? {}
    if (memberId === undefined) throw new Error("nobody has joined")
    return memberId
  }

  #view(name: string, memberId: string): Promise<Result<MemberView, Failure>> {
    return this.#answer(name, () => ({
      memberId,
      epoch: 4,
      heartbeatIntervalMs: 3000,
      sessionTimeoutMs: 45_000,
      partitions: this.partitions,
      lost: [],
      isWaiting: this.isWaiting,
    }))
  }

  async #answer<T>(name: string, value: () => T): Promise<Result<T, Failure>> {
    this.calls.push(name)
    await this.gate
    const refusal = this.refusals.get(name)
    return refusal === undefined ? ok(value()) : err(refusal)
  }
}

/** A partition that a member has since `epoch`. */
export function owned(topic: string, partition: number, epoch = 4): MemberPartition {
  return { topic, partition, epoch, offset: 0, revokeAt: null }
}

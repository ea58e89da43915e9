import type { Failure } from "../../../src/core/errors.ts"
import type { Result } from "../../../src/core/result.ts"
import type { CommitReply, CommitRequest, GrantRequest, GroupOffset } from "../../../src/core/stream/group-commands.ts"
import type { TopicSettings } from "../../../src/core/stream/settings.ts"
import { batchOf, PartitionScene } from "./partition-scene.ts"

/** A group as it is created first. */
const GROUP = { group: "g", generation: 1 }

/** What a test says of a grant; the rest is a new group's first grant to "a", which begins at the log start. */
export type Granted = Partial<GrantRequest>
/** What a test says of a commit besides its offset; the rest is that of "a" under its first grant. */
export type Committed = Partial<Omit<CommitRequest, "offset" | "append">>

/** A partition with groups, which may lose its memory after everything that it does. */
export class GroupScene extends PartitionScene {
  readonly #isForgetful: boolean

  constructor(isForgetful = false, settings: Partial<TopicSettings> = {}) {
    super(settings)
    this.#isForgetful = isForgetful
  }

  /** Appends so many records. */
  fill(count: number): void {
    this.append(Array.from({ length: count }, (_, index) => `r${index}`))
    this.#forget()
  }

  grant(granted: Granted = {}): Result<GroupOffset, Failure> {
    const request = {
      ...GROUP,
      memberId: "a",
      epoch: 1,
      reset: "earliest",
      seek: null,
      limit: null,
      ...granted,
    } as const
    return this.#inCommit((scene) => scene.partition.groups.grant(request, scene.now))
  }

  /** A commit of a member; with `bodies` it brings records. */
  commitOffset(
    offset: number,
    committed: Committed = {},
    bodies: readonly string[] | null = null,
    append: CommitRequest["append"] = null,
  ): Result<CommitReply, Failure> {
    const owner = { ...GROUP, memberId: "a", epoch: 1, metadata: "" }
    const request = { ...owner, ...committed, offset, append }
    return this.#inCommit((scene) => scene.partition.commitOffset(request, bodies && batchOf(bodies), scene.now))
  }

  forget(generation = 1): void {
    this.#inCommit(({ partition }) => partition.groups.forget("g", generation))
  }

  /** Ends what is routed by fewer than so many partitions. */
  seal(partitions: number): void {
    this.#inCommit(({ partition }) => partition.seal(partitions))
  }

  trim(offset: number): void {
    this.#inCommit(({ partition }) => partition.trim(offset))
  }

  offset(generation = 1): GroupOffset {
    return this.partition.groups.offsetOf("g", generation)
  }

  /** Whether the partition is served to a member of the group's first life. */
  serves(memberId: string, epoch: number): boolean {
    return this.partition.groups.check({ ...GROUP, memberId, epoch }) === null
  }

  /** Writes of groups since the last time. */
  takeGroupWrites(): number {
    return this.statements.splice(0).filter((sql) => /^(INSERT INTO|DELETE FROM|UPDATE) group_offset/.test(sql)).length
  }

  #inCommit<T>(run: (scene: this) => T): T {
    const result = this.commit(() => run(this))!
    this.#forget()
    return result
  }

  #forget(): void {
    if (this.#isForgetful) this.restart()
  }
}

import type { Failure } from "../core/errors.ts"
import { err, ok, type Result } from "../core/result.ts"
import type { ReadReply, ReadRequest } from "../core/stream/commands.ts"
import type {
  CommitReply,
  CommitRequest,
  GrantRequest,
  GroupOffset,
  Owner,
  SeekReply,
  SeekTarget,
} from "../core/stream/group-commands.ts"
import type { Partition } from "../core/stream/partition.ts"
import type { LogStore } from "../store/log-store.ts"
import type { PartitionGroupApi } from "./contract.ts"
import { readFrom } from "./partition-reader.ts"
import { decodeBatch } from "./queue-operations.ts"

type Command<T> = (partition: Partition, now: number) => Result<T, Failure>

/** How a partition's object runs commands. */
export interface PartitionCommands {
  /** In the next commit, for a caller that believes in `version`. */
  request<T>(version: number, command: Command<T>): Promise<Result<T, Failure>>
  /** In the next commit, whatever the version. */
  commit<T>(command: Command<T>): Promise<Result<T, Failure>>
  /** At once, on what is committed; changes nothing. */
  look<T>(version: number, command: Command<T>): Promise<Result<T, Failure>>
}

/** What a partition does for consumer groups, as commands of its object. */
export class PartitionGroupCalls implements Omit<PartitionGroupApi, "seal"> {
  readonly #commands: PartitionCommands
  readonly #log: LogStore
  readonly #forgetShare: (group: string, generation: number) => void

  /** `forgetShare` forgets a share group, inside a commit. */
  constructor(commands: PartitionCommands, log: LogStore, forgetShare: (group: string, generation: number) => void) {
    this.#commands = commands
    this.#log = log
    this.#forgetShare = forgetShare
  }

  grant(version: number, request: GrantRequest): Promise<Result<GroupOffset, Failure>> {
    return this.#commands.request(version, ({ groups }, now) => groups.grant(request, now))
  }

  groupOffset(version: number, group: string, generation: number): Promise<Result<GroupOffset, Failure>> {
    return this.#commands.look(version, ({ groups }) => ok(groups.offsetOf(group, generation)))
  }

  previewSeek(
    version: number,
    group: string,
    generation: number,
    target: SeekTarget,
  ): Promise<Result<SeekReply, Failure>> {
    return this.#commands.look(version, ({ groups }, now) => groups.previewSeek(group, generation, target, now))
  }

  fetchFor(version: number, owner: Owner, request: ReadRequest): Promise<Result<ReadReply, Failure>> {
    return this.#commands.look(version, (partition) => {
      const fenced = partition.groups.check(owner)
      if (fenced) return err(fenced)
      return readFrom(partition, this.#log, request, partition.groups.limitOf(owner))
    })
  }

  async commitOffset(version: number, request: CommitRequest): Promise<Result<CommitReply, Failure>> {
    const batch = request.append && decodeBatch(request.append.submissions)
    if (request.append && !batch) return err({ code: "invalid_request", detail: "damaged batch" })
    return this.#commands.request(version, (partition, now) => partition.commitOffset(request, batch, now))
  }

  async expireOffset(group: string, generation: number, epoch: number): Promise<Result<null, Failure>> {
    const expired = await this.#commands.commit((partition) => {
      partition.groups.expire(group, generation, epoch)
      return ok(null)
    })
    return goneIsDone(expired)
  }

  async forgetGroup(group: string, generation: number): Promise<Result<null, Failure>> {
    const forgotten = await this.#commands.commit((partition) => {
      partition.groups.forget(group, generation)
      this.#forgetShare(group, generation)
      return ok(null)
    })
    return goneIsDone(forgotten)
  }
}

/** With the partition its groups went. */
function goneIsDone(result: Result<null, Failure>): Result<null, Failure> {
  return !result.ok && result.error.code === "not_found" ? ok(null) : result
}

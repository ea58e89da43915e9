import type { ErrorCode, Failure } from "../core/errors.ts"
import type { GroupSeekRequest, GroupSeekResult } from "../core/group/commands.ts"
import type { PartitionCall, TopicInfo } from "../core/group/coordination.ts"
import { err, type Result } from "../core/result.ts"
import type { GroupOffset, SeekReply } from "../core/stream/group-commands.ts"

/** Partitions of which a seek asks at the same time. */
const CALLS_AT_ONCE = 64

/** Why a seek can't be done, however often it is tried; after any other failure the coordinator tries again. */
const FINAL: ReadonlySet<ErrorCode> = new Set(["offset_trimmed", "offset_out_of_range", "no_committed_offset"])

const NOT_YET: Failure = { code: "unavailable", retryAfterMs: 1_000 }

/** Where a seek would lead in one partition. */
export type Preview = { readonly partition: number } & ({ readonly reply: SeekReply } | { readonly failure: Failure })

/** Asks every partition of the request where the seek would lead; those that are not there are not asked. */
export async function previewSeek(
  info: TopicInfo,
  { partitions }: GroupSeekRequest,
  ask: (partition: number) => Promise<Result<SeekReply, Failure>>,
): Promise<Preview[]> {
  const wanted = [...new Set(partitions ?? Array.from({ length: info.partitions }, (_, partition) => partition))]
  const previews: Preview[] = []
  for (let from = 0; from < wanted.length; from += CALLS_AT_ONCE) {
    const slice = wanted.slice(from, from + CALLS_AT_ONCE).map(async (partition): Promise<Preview> => {
      const reply = partition < info.partitions ? await ask(partition) : err(noSuchPartition(info, partition))
      return reply.ok ? { partition, reply: reply.value } : { partition, failure: reply.error }
    })
    previews.push(...(await Promise.all(slice)))
  }
  return previews
}

/** A seek whose grants are on their way. */
export class SeekUnderWay {
  readonly request: GroupSeekRequest & { readonly partitions: readonly number[] }
  readonly #target: string
  readonly #outcomes = new Map<number, Result<GroupOffset | null, Failure>>()

  constructor(request: SeekUnderWay["request"]) {
    this.request = request
    this.#target = JSON.stringify(request.target)
  }

  get isDone(): boolean {
    return this.#outcomes.size === this.request.partitions.length
  }

  /** Notes what a call answered, where it is one of this seek's grants. */
  answered(call: PartitionCall, answer: Result<GroupOffset | null, Failure>): void {
    const { topic, partitions } = this.request
    if (call.kind !== "grant" || call.topic !== topic || !partitions.includes(call.partition)) return
    if (JSON.stringify(call.request.seek) !== this.#target) return
    if (answer.ok || FINAL.has(answer.error.code)) this.#outcomes.set(call.partition, answer)
  }

  /** What became of a partition, given what it said before. */
  resultOf({ partition, ...preview }: Preview): GroupSeekResult {
    const place = { topic: this.request.topic, partition }
    if ("failure" in preview) return { ...place, failure: preview.failure }
    if (this.request.dryRun) return { ...place, ...preview.reply }
    const outcome = this.#outcomes.get(partition) ?? err(NOT_YET)
    if (!outcome.ok) return { ...place, failure: outcome.error }
    return { ...place, before: preview.reply.before, offset: outcome.value?.committedOffset ?? preview.reply.offset }
  }
}

function noSuchPartition({ name }: TopicInfo, partition: number): Failure {
  return { code: "not_found", resource: "partition", name: `${name}/${partition}` }
}

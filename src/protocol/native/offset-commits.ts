import type { Failure } from "../../core/errors.ts"
import { MAX_COMMIT_ENTRIES, MAX_COMMIT_METADATA_BYTES, MAX_PARTITIONS, NAME_PATTERN } from "../../core/limits.ts"
import { ok, type Result } from "../../core/result.ts"
import type { AppendTerms } from "../../core/stream/commands.ts"
import type { CommitReply } from "../../core/stream/group-commands.ts"
import { parseAppendTerms } from "./append-request.ts"
import { recordResult } from "./append-results.ts"
import {
  inBatch,
  invalidField,
  isJsonObject,
  type JsonObject,
  parseInteger,
  parseText,
  pointerToken,
  unknownField,
} from "./fields.ts"
import { elementTexts, memberText } from "./json-text.ts"
import { problemOf } from "./problems.ts"
import { parseRecords, type RoutedRecord } from "./records.ts"

/** An offset to commit in one partition, and what is to be appended there with it. */
export interface OffsetCommit {
  readonly topic: string
  readonly partition: number
  /** Of the member's assignment; null for a commit from outside. */
  readonly epoch: number | null
  readonly offset: number
  readonly metadata: string
  readonly records: readonly RoutedRecord[] | null
  /** Of the records, null where they ask for nothing but to be stored. */
  readonly terms: AppendTerms | null
}

/** Offsets of a member, or from outside where there is none. */
export interface CommitBatch {
  readonly memberId: string | null
  readonly offsets: readonly OffsetCommit[]
}

const ENTRY_FIELDS: ReadonlySet<string> = new Set([
  "topic",
  "partition",
  "epoch",
  "offset",
  "metadata",
  "records",
  "producer",
])
const NO_ENVELOPE: readonly string[] = []
const MEMBER_ID = "must be the id of a member"

/**
 * `{ memberId?, offsets: [...] }`; `value` is what `text` parses to. `envelope` names further members that the caller
 * has read itself.
 */
export function parseCommits(
  text: string,
  value: unknown,
  envelope: readonly string[] = NO_ENVELOPE,
): Result<CommitBatch, Failure> {
  if (!isJsonObject(value)) return invalidField("", "must be an object")
  const unknown = unknownField(value, new Set(["memberId", "offsets", ...envelope]))
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const memberId = value["memberId"] === undefined ? ok(null) : parseMemberId(value["memberId"], "/memberId")
  if (!memberId.ok) return memberId
  const entries = parseEntryList(value["offsets"])
  if (!entries.ok) return entries
  const texts = new EntryTexts(text)
  const offsets: OffsetCommit[] = []
  for (const [index, entry] of entries.value.entries()) {
    const parsed = parseEntry(entry, memberId.value !== null, () => texts.of(index))
    if (!parsed.ok) return inBatch(parsed.error, `/offsets/${index}`)
    offsets.push(parsed.value)
  }
  const twice = firstRepeated(offsets)
  if (twice !== null) return invalidField(`/offsets/${twice}`, "names a partition that another one names")
  return ok({ memberId: memberId.value, offsets })
}

/** The id that a join answered. */
export function parseMemberId(value: unknown, pointer: string): Result<string, Failure> {
  return typeof value === "string" && NAME_PATTERN.test(value) ? ok(value) : invalidField(pointer, MEMBER_ID)
}

/** One JSON result per entry of `offsets`, in order. */
export function commitResultsJson(
  offsets: readonly OffsetCommit[],
  outcomes: readonly Result<CommitReply, Failure>[],
): string {
  const results = offsets.map((entry, place) => resultJson(entry, outcomes[place]!))
  return `[${results.join(",")}]`
}

/** The text of each entry, which is needed where it has records: bodies are kept as they were written. */
class EntryTexts {
  readonly #text: string
  #entries: readonly string[] | null = null

  constructor(text: string) {
    this.#text = text
  }

  of(index: number): string {
    this.#entries ??= elementTexts(memberText(this.#text, "offsets") ?? "[]")
    return this.#entries[index] ?? "{}"
  }
}

function parseEntryList(value: unknown): Result<readonly unknown[], Failure> {
  if (!Array.isArray(value)) return invalidField("/offsets", "must be an array")
  if (value.length >= 1 && value.length <= MAX_COMMIT_ENTRIES) return ok(value)
  return invalidField("/offsets", `must have 1 to ${MAX_COMMIT_ENTRIES} entries`)
}

/** Pointers of its refusals begin at the entry. */
function parseEntry(entry: unknown, isMembers: boolean, text: () => string): Result<OffsetCommit, Failure> {
  if (!isJsonObject(entry)) return invalidField("", "must be an object")
  const unknown = unknownField(entry, ENTRY_FIELDS)
  if (unknown !== null) return invalidField(`/${pointerToken(unknown)}`, "unknown field")
  const { topic } = entry
  if (typeof topic !== "string" || !NAME_PATTERN.test(topic)) return invalidField("/topic", "must be a name")
  const partition = parseInteger(entry["partition"], "/partition", 0, MAX_PARTITIONS - 1)
  if (!partition.ok) return partition
  const epoch = parseEpoch(entry["epoch"], isMembers)
  if (!epoch.ok) return epoch
  const offset = parseInteger(entry["offset"], "/offset", 0, Number.MAX_SAFE_INTEGER)
  if (!offset.ok) return offset
  const { metadata = "" } = entry
  const metadataBytes = parseText(metadata, "/metadata", 0, MAX_COMMIT_METADATA_BYTES)
  if (!metadataBytes.ok) return metadataBytes
  const append = parseAppended(entry, text)
  if (!append.ok) return append
  return ok({
    topic,
    partition: partition.value,
    epoch: epoch.value,
    offset: offset.value,
    metadata: metadata as string,
    ...append.value,
  })
}

function parseEpoch(value: unknown, isMembers: boolean): Result<number | null, Failure> {
  if (isMembers) return parseInteger(value, "/epoch", 0, Number.MAX_SAFE_INTEGER)
  return value === undefined ? ok(null) : invalidField("/epoch", "goes with a memberId")
}

function parseAppended(
  { records, producer }: JsonObject,
  text: () => string,
): Result<Pick<OffsetCommit, "records" | "terms">, Failure> {
  if (records === undefined) {
    return producer === undefined ? ok({ records: null, terms: null }) : invalidField("/producer", "goes with records")
  }
  const parsed = parseRecords(text(), records)
  if (!parsed.ok) return parsed
  const terms = parseAppendTerms(producer, undefined)
  return terms.ok ? ok({ records: parsed.value, terms: terms.value }) : terms
}

/** Place of the first entry whose partition stands before it already, or null. */
function firstRepeated(offsets: readonly OffsetCommit[]): number | null {
  const seen = new Set<string>()
  for (const [place, { topic, partition }] of offsets.entries()) {
    const key = `${topic}/${partition}`
    if (seen.has(key)) return place
    seen.add(key)
  }
  return null
}

function resultJson(entry: OffsetCommit, outcome: Result<CommitReply, Failure>): string {
  const { topic, partition, records } = entry
  if (!outcome.ok) return JSON.stringify({ topic, partition, problem: problemOf(outcome.error).document })
  const { offset, appended } = outcome.value
  const head = `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset}`
  if (appended === null || records === null) return `${head}}`
  const results = records.map((_, nth) => recordResult(partition, appended)(nth))
  return `${head},"records":[${results.join(",")}]}`
}

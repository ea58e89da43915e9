import { type DeliveredRecord, headerTexts } from "../../protocol/native/wire-deliver-decode.ts"
import type { Decode } from "../codec.ts"
import type { Context } from "../context.ts"
import { errorOf } from "../errors.ts"
import type { Headers } from "../headers.ts"

/** A record of a topic. */
export interface TopicRecord<Key, Value> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** When it was stored, or happened where the topic keeps that; milliseconds since the epoch. */
  readonly timestamp: number
  readonly key: Key | null
  /** Null in a tombstone. */
  readonly value: Value | null
  readonly headers: Headers
}

/**
 * A topic to read from.
 * @internal
 */
export interface TopicSource<Key, Value> {
  readonly context: Context
  readonly name: string
  readonly key: Decode<Key>
  readonly value: Decode<Value>
}

/** Where a record is. */
export interface RecordPlace {
  readonly topic: string
  readonly partition: number
}

/**
 * Reads a record. Throws MillraceError `corrupt_batch` for one that is damaged in the log, and `invalid_value`.
 * @internal
 */
export async function readRecord<Key, Value>(
  codecs: { readonly key: Decode<Key>; readonly value: Decode<Value> },
  { topic, partition }: RecordPlace,
  { offset, timestamp, record, problem }: DeliveredRecord,
): Promise<TopicRecord<Key, Value>> {
  if (record === null) throw errorOf(problem)
  const key = record.key === null ? null : await codecs.key(record.key)
  const value = record.format === "tombstone" ? null : await codecs.value(record.value, record.format)
  return { topic, partition, offset, timestamp, key, value, headers: headerTexts(record.headers) }
}

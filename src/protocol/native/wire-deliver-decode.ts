import { CorruptError } from "../../core/bytes/corrupt.ts"
import { ByteReader } from "../../core/bytes/reader.ts"
import { readContent } from "../../core/log/content.ts"
import type { Header, LogRecord } from "../../core/log/types.ts"

/** Layout: version, count, then each entry as its kind has it. */
const VERSION = 1
/** In place of a content's flags. */
const PROBLEM = 255

const utf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true })

/**
 * What a delivered entry holds: a record, whose arrays are views of the message that it came in, or the problem
 * document of what is damaged. Exactly one of them is null. A message's group id is its record's `key`.
 */
export type WireContent =
  | { readonly record: LogRecord; readonly problem: null }
  | { readonly record: null; readonly problem: unknown }

/** A message of a queue. */
export type DeliveredMessage = WireContent & {
  readonly id: string
  readonly receipt: string
  /** From 1. */
  readonly deliveryCount: number
  /** Milliseconds since the epoch. */
  readonly sentAt: number
}

/** A record of a partition. The problem of a damaged range says in `lastOffset` how far it goes. */
export type DeliveredRecord = WireContent & {
  readonly offset: number
  /** Milliseconds since the epoch; the producer's or the broker's, as the topic says. */
  readonly timestamp: number
}

/** A record that is locked for a share group. */
export type DeliveredSharedRecord = DeliveredRecord & {
  readonly receipt: string
  /** From 1. */
  readonly deliveryCount: number
}

/** The batch of a `deliver` from a queue. Throws CorruptError where it is none. */
export function decodeMessages(batch: Uint8Array): DeliveredMessage[] {
  return decodeBatch(batch, (reader) => {
    const id = readText(reader)
    const receipt = readText(reader)
    const deliveryCount = reader.varint()
    const sentAt = reader.varint()
    return { id, receipt, deliveryCount, sentAt, ...readWireContent(reader) }
  })
}

/** The batch of a `deliver` to a partition's reader, likewise. */
export function decodeRecords(batch: Uint8Array): DeliveredRecord[] {
  return decodeBatch(batch, (reader) => {
    const offset = reader.varint()
    const timestamp = reader.varint()
    return { offset, timestamp, ...readWireContent(reader) }
  })
}

/** The batch of a `deliver` to a share group, likewise. */
export function decodeSharedRecords(batch: Uint8Array): DeliveredSharedRecord[] {
  return decodeBatch(batch, (reader) => {
    const offset = reader.varint()
    const timestamp = reader.varint()
    const receipt = readText(reader)
    const deliveryCount = reader.varint()
    return { offset, timestamp, receipt, deliveryCount, ...readWireContent(reader) }
  })
}

/** Headers as texts by name; where a name stands twice, the last one counts. */
export function headerTexts(headers: readonly Header[]): Record<string, string> {
  return Object.fromEntries(headers.map(({ name, value }) => [utf8.decode(name), utf8.decode(value)]))
}

function decodeBatch<Entry>(batch: Uint8Array, read: (reader: ByteReader) => Entry): Entry[] {
  const reader = new ByteReader(batch)
  if (reader.u8() !== VERSION) throw new CorruptError("version of a batch")
  const entries: Entry[] = []
  for (let left = reader.varint(); left > 0; left--) entries.push(read(reader))
  reader.end()
  return entries
}

function readWireContent(reader: ByteReader): WireContent {
  const flags = reader.u8()
  if (flags !== PROBLEM) return { record: readContent(reader, flags), problem: null }
  return { record: null, problem: parseProblem(readText(reader)) }
}

function parseProblem(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new CorruptError("problem of an entry")
  }
}

function readText(reader: ByteReader): string {
  return utf8.decode(reader.lengthAndBytes())
}

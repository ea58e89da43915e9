import { SubmissionWriter } from "../../../src/core/log/submission.ts"
import type { AppendTerms } from "../../../src/core/stream/commands.ts"
import type { Keyed } from "./compaction-scene.ts"
import type { PartitionModel } from "./partition-model.ts"

/** How a producer's batch relates to what it sent before. */
export type Sequencing = "next" | "repeat" | "gap" | "newEpoch" | "oldEpoch"

/** A record to append: its value is `text`, padded; without one it is a tombstone. */
export interface Drawn {
  readonly key: string | null
  readonly text: string | null
  readonly padding: number
}

/** One command of a commit. */
export type Command =
  | {
      readonly type: "append"
      readonly records: readonly Drawn[]
      readonly producer: { readonly id: number; readonly sequencing: Sequencing; readonly back: number } | null
      readonly expected: "right" | "wrong" | null
    }
  | { readonly type: "trim"; readonly share: number }

export type Step =
  | {
      readonly type: "commit"
      readonly afterMs: number
      readonly commands: readonly Command[]
      /** Statements until one fails, or null. */
      readonly failAfter: number | null
    }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "clockBack"; readonly ms: number }
  | { readonly type: "restart" }
  | { readonly type: "settings"; readonly index: number }
  | { readonly type: "read"; readonly share: number; readonly maxRecords: number; readonly maxBytes: number }
  | { readonly type: "lookUp"; readonly agoMs: number }

const encoder = new TextEncoder()

/** What an append asks for, as `model` makes it right or wrong. */
export function termsOf(
  { records, producer, expected }: Command & { type: "append" },
  model: PartitionModel,
): AppendTerms {
  const expectedOffset = expected === null ? null : model.endOffset + (expected === "right" ? 0 : 1)
  if (!producer) return { producer: null, expectedOffset }
  const { id: producerId, sequencing, back } = producer
  const [epoch, next] = [model.epochOf(producerId), model.nextSequence(producerId)]
  const at = (inEpoch: number, sequence: number): AppendTerms => {
    return { producer: { producerId, epoch: inEpoch, sequence }, expectedOffset }
  }
  switch (sequencing) {
    case "next":
      return at(epoch, next)
    case "repeat":
      return at(epoch, Math.max(0, next - records.length - back))
    case "gap":
      return at(epoch, next + 1 + back)
    case "newEpoch":
      return at(epoch + 1, 0)
    case "oldEpoch":
      return at(Math.max(0, epoch - 1), next)
  }
}

/** The record that was drawn. */
export function valued({ key, text, padding }: Drawn): Keyed {
  return { key, value: text === null ? null : text.padEnd(padding, "x") }
}

/** A submission batch of `records`. */
export function batchOf(records: readonly Keyed[]): Uint8Array {
  const writer = new SubmissionWriter()
  for (const { key, value } of records) {
    const format = value === null ? "tombstone" : "text"
    const bytes = key === null ? null : encoder.encode(key)
    writer.add({ format, value: encoder.encode(value ?? ""), key: bytes, headers: [], producedAt: null })
  }
  return writer.finish()
}

import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import type { JsonObject } from "../protocol/native/fields.ts"
import { parseCommits } from "../protocol/native/offset-commits.ts"
import { parseName, parseNumber } from "./client-fields.ts"
import type { ClientFrame } from "./client-frame.ts"

const ENVELOPE: readonly string[] = ["type", "ref", "group"]

/** `commit`: offsets of a group. `text` is the frame's own. */
export function parseCommit(text: string, value: JsonObject): Result<ClientFrame, Failure> {
  const ref = parseNumber(value, "ref")
  if (!ref.ok) return ref
  const group = parseName(value, "group")
  if (!group.ok) return group
  const batch = parseCommits(text, value, ENVELOPE)
  return batch.ok ? ok({ type: "commit", ref: ref.value, group: group.value, ...batch.value }) : batch
}

import type { QueuePatch } from "../../core/queue/settings.ts"
import { err, ok } from "../../core/result.ts"
import { tagAnnotationOf } from "./annotations.ts"
import { refuse, type SqsFailure, type SqsResult } from "./errors.ts"
import { MAX_TAG_KEY_CHARACTERS, MAX_TAG_VALUE_CHARACTERS, MAX_TAGS } from "./limits.ts"

type Tags = Readonly<Record<string, string>>
type Annotations = NonNullable<QueuePatch["annotations"]>

/** What adds `tags` to the queue `queue`, which has `current`. */
export function addTags(queue: string, tags: Tags, current: Tags): SqsResult<Annotations> {
  const refused = Object.entries(tags)
    .map(tagRefusal)
    .find((refusal) => refusal !== null)
  if (refused !== undefined) return err(refused)
  if (Object.keys({ ...current, ...tags }).length > MAX_TAGS) {
    return refuse("InvalidParameterValue", `Too many tags added for queue ${queue}.`)
  }
  return ok(Object.fromEntries(Object.entries(tags).map(([key, value]) => [tagAnnotationOf(key), value])))
}

/** What takes the tags of these keys from a queue that has `current`; null where it has none of them. */
export function removeTags(keys: readonly string[], current: Tags): SqsResult<Annotations | null> {
  if (keys.length === 0 || !keys.every(isKey)) return err(INVALID_KEY)
  const present = keys.filter((key) => Object.hasOwn(current, key))
  return ok(present.length === 0 ? null : Object.fromEntries(present.map((key) => [tagAnnotationOf(key), null])))
}

const INVALID_KEY: SqsFailure = {
  name: "InvalidParameterValue",
  message: `Tag keys must be between 1 and ${MAX_TAG_KEY_CHARACTERS} characters in length.`,
}

function tagRefusal([key, value]: readonly [string, string]): SqsFailure | null {
  if (!isKey(key)) return INVALID_KEY
  if (key.toLowerCase().startsWith("aws:")) {
    return { name: "InvalidParameterValue", message: "Tag keys must not begin with aws:, which is reserved." }
  }
  if (value.length <= MAX_TAG_VALUE_CHARACTERS) return null
  return {
    name: "InvalidParameterValue",
    message: `Tag values must be between 0 and ${MAX_TAG_VALUE_CHARACTERS} characters in length.`,
  }
}

function isKey(key: string): boolean {
  return key.length >= 1 && key.length <= MAX_TAG_KEY_CHARACTERS
}

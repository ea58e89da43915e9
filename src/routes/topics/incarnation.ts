import type { Failure } from "../../core/errors.ts"
import { err, ok, type Result } from "../../core/result.ts"
import { topicMetadata } from "../objects.ts"
import type { Call } from "../operation.ts"

/**
 * Does `work` for the life of the topic that is `wanted`, null for whichever it has. Where that turns out to be over,
 * which is only known for sure once an object has been asked, whatever came of it is not the answer.
 */
export async function withinIncarnation<T>(
  call: Call,
  wanted: number | null,
  work: () => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  if (wanted === null) return work()
  const before = await checkIncarnation(call, wanted)
  if (!before.ok) return before
  const result = await work()
  const after = await checkIncarnation(call, wanted)
  return after.ok ? result : after
}

async function checkIncarnation(call: Call, wanted: number): Promise<Result<null, Failure>> {
  const topic = call.params["topic"]!
  const known = await topicMetadata.resolve(call, topic)
  if (!known.ok) return known
  if (known.value.entry.incarnation === wanted) return ok(null)
  const fresh = known.value.cached ? await topicMetadata.reload(call, topic) : ok(known.value.entry)
  if (!fresh.ok) return fresh
  return fresh.value.incarnation === wanted ? ok(null) : err({ code: "log_recreated" })
}

import type { Failure } from "../../core/errors.ts"
import type { QueueSettings } from "../../core/queue/settings.ts"
import { ok, type Result } from "../../core/result.ts"
import { invalidField } from "../../protocol/native/fields.ts"
import { queueMetadata } from "../objects.ts"
import type { Scope } from "../env.ts"

/** The settings of queue `name`, to which messages of a queue with the settings `source` are to go. */
export async function resolveTarget(
  scope: Scope,
  name: string,
  source: QueueSettings,
): Promise<Result<QueueSettings, Failure>> {
  const target = await queueMetadata.resolve(scope, name)
  if (!target.ok) {
    return target.error.code === "not_found" ? invalidField("/queue", `there is no queue ${name}`) : target
  }
  const { settings } = target.value.entry
  if (settings.ordering === source.ordering) return ok(settings)
  return invalidField("/queue", `${name} is ${settings.ordering}, and this queue is ${source.ordering}`)
}

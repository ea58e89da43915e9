import type { Checks } from "./check.ts"
import { codecChecks } from "./codecs.ts"
import { connectionChecks } from "./connection.ts"
import { consumeChecks } from "./consuming.ts"
import { errorChecks } from "./errors.ts"
import { groupChecks } from "./groups.ts"
import { queueChecks } from "./queues.ts"
import { topicChecks } from "./topics.ts"
import { tracingChecks } from "./tracing.ts"

/** All that a client has to do, wherever it runs. */
export const allChecks: Checks = {
  ...queueChecks,
  ...consumeChecks,
  ...topicChecks,
  ...groupChecks,
  ...codecChecks,
  ...errorChecks,
  ...connectionChecks,
  ...tracingChecks,
}

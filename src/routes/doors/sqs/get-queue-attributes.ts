import { err, ok } from "../../../core/result.ts"
import type { SqsFailure, SqsResult } from "../../../protocol/sqs/errors.ts"
import { isAttribute, unknownAttribute } from "../../../protocol/sqs/queue-attributes.ts"
import { countAttributes, type DescribedQueue, queueAttributes } from "../../../protocol/sqs/queue-description.ts"
import type { SqsAction, SqsCall } from "./action.ts"
import { arnOf } from "./arn-of.ts"
import { callNamedQueue, loadNamedQueue } from "./queue.ts"

type Attributes = Readonly<Record<string, string>>

const ALL = "All"
const COUNTS = "ApproximateNumberOfMessages"

export const getQueueAttributes: SqsAction<"GetQueueAttributes"> = {
  name: "GetQueueAttributes",
  async handle(call) {
    const asked = call.input.AttributeNames ?? []
    const isCounted = asked.some((name) => name === ALL || name.startsWith(COUNTS))
    const known = isCounted ? await countedAttributes(call, asked) : await settledAttributes(call, asked)
    if (!known.ok) return known
    const isAll = asked.includes(ALL)
    const shown = Object.entries(known.value).filter(([name]) => isAll || asked.includes(name))
    return ok(shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown) })
  },
}

/** What the catalog knows. */
async function settledAttributes(
  call: SqsCall<"GetQueueAttributes">,
  asked: readonly string[],
): Promise<SqsResult<Attributes>> {
  const entry = await loadNamedQueue(call)
  if (!entry.ok) return entry
  const refused = unknownAmong(asked, entry.value)
  return refused === null ? ok(queueAttributes(entry.value, arnOf(call))) : err(refused)
}

/** With the numbers that only the queue itself knows. */
function countedAttributes(
  call: SqsCall<"GetQueueAttributes">,
  asked: readonly string[],
): Promise<SqsResult<Attributes>> {
  return callNamedQueue<Attributes>(call, {
    repeat: "idempotent",
    check: (entry) => unknownAmong(asked, entry),
    async run(queue, entry) {
      const statistics = await queue.statistics(entry.version)
      if (!statistics.ok) return statistics
      return ok({ ...queueAttributes(entry, arnOf(call)), ...countAttributes(statistics.value) })
    },
  })
}

function unknownAmong(asked: readonly string[], { settings }: DescribedQueue): SqsFailure | null {
  const unknown = asked.find((name) => name !== ALL && !isAttribute(name, settings.ordering === "fifo"))
  return unknown === undefined ? null : unknownAttribute(unknown).error
}

import { describe, it } from "vitest"
import type { ActionName } from "../../src/protocol/sqs/actions.ts"
import { SqsKeyScene } from "../support/sqs-key-scene.ts"
import type { QueryCall } from "../support/sqs-query/call.ts"
import { MESSAGE_CALLS } from "../support/sqs-query/messages.ts"
import { QUEUE_CALLS } from "../support/sqs-query/queues.ts"
import { RIGHT_AND_MOVE_CALLS } from "../support/sqs-query/rights-and-moves.ts"

const scene = new SqsKeyScene()

const CALLS: { readonly [Name in ActionName]: QueryCall } = {
  ...QUEUE_CALLS,
  ...MESSAGE_CALLS,
  ...RIGHT_AND_MOVE_CALLS,
}

/** One test for all actions that the same call goes through. */
const TESTS = new Map<QueryCall, string>()
for (const [name, call] of Object.entries(CALLS)) TESTS.set(call, [TESTS.get(call) ?? [], name].flat().join(", "))

describe("query protocol", () => {
  it.each([...TESTS].map(([call, names]) => [names, call] as const))("[X90] %s", (_, call) => call(scene))
})

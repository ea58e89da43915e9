import { describe, it } from "vitest"
import type { ActionName } from "../../src/protocol/sqs/actions.ts"
import { SqsKeyScene } from "../support/sqs-key-scene.ts"
import type { SdkCall } from "../support/sqs-sdk/call.ts"
import { DEAD_LETTER_CALLS } from "../support/sqs-sdk/dead-letters.ts"
import { MESSAGE_CALLS } from "../support/sqs-sdk/messages.ts"
import { PERMISSION_CALLS } from "../support/sqs-sdk/permissions.ts"
import { QUEUE_CALLS } from "../support/sqs-sdk/queues.ts"

const scene = new SqsKeyScene()

const CALLS: { readonly [Name in ActionName]: SdkCall } = {
  ...QUEUE_CALLS,
  ...MESSAGE_CALLS,
  ...PERMISSION_CALLS,
  ...DEAD_LETTER_CALLS,
}

describe("AWS SDK for JavaScript", () => {
  it.each(Object.entries(CALLS))("[X90] %s", (_, call) => call(scene.sqs, scene))
})

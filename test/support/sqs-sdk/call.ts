import type { SQS } from "@aws-sdk/client-sqs"
import type { SqsKeyScene } from "../sqs-key-scene.ts"

/** Calls an action through AWS's client, and looks at what came of it. */
export type SdkCall = (sqs: SQS, scene: SqsKeyScene) => Promise<void>

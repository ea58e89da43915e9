import { queueArn } from "../../../protocol/aws/arn.ts"
import type { SqsCall } from "./action.ts"

/** What names queues for the caller: in its region, and of the account whose queues it sees. */
export function arnOf({ identity }: Pick<SqsCall, "identity">): (queue: string) => string {
  return (queue) => queueArn(identity.region, identity.ownerAccountId, queue)
}

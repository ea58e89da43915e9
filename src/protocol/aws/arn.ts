/** `arn:<partition>:sqs:<region>:<account>:<name>`, as an ARN comes in: partition, region and account are not looked at. */
const QUEUE_ARN = /^arn:[^:]+:sqs:[^:]*:[^:]*:([^:]+)$/

/** The ARN of a queue, in the region that its reader works in. */
export function queueArn(region: string, accountId: string, name: string): string {
  return `arn:aws:sqs:${region}:${accountId}:${name}`
}

/** The queue that `text` names, null where it is no ARN of a queue. */
export function queueNameOfArn(text: string): string | null {
  return QUEUE_ARN.exec(text)?.[1] ?? null
}

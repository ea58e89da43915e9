/** Who a queue is. */
export interface QueueIdentity {
  /** Name within the namespace, for the headers of dead letters. */
  readonly name: string
  readonly incarnation: number
  readonly shard: number
  /** Object name of another queue of the namespace. */
  readonly targetOf: (queue: string) => string
}

/** A message's id as clients see it. */
export function messageIdText(identity: QueueIdentity, messageId: number): string {
  return `${identity.incarnation}-${identity.shard}-${messageId}`
}

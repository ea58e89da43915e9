/** The id of a message as clients see it: which life of which queue, which shard, and the counter given at the send (or, as a prefix, none). */
export function formatMessageId(incarnation: number, shard: number, counter: number | ""): string {
  return `${incarnation}-${shard}-${counter}`
}

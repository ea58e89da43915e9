import type { Subscription } from "../group/commands.ts"
import type { Need } from "./needs.ts"

/** What a member's subscription takes: a pattern is covered only where all its names are (`[A10]`). */
export function subscriptionNeeds({ topics, patterns }: Subscription): Need[] {
  return consumeNeeds([...topics, ...patterns])
}

/** What it takes to work on `topics` for a group. */
export function consumeNeeds(topics: readonly string[]): Need[] {
  return topics.map((name): Need => ({ action: "consume", kind: "topic", name }))
}

/** What a commit takes: its topics, and to put records into them where it does. */
export function commitNeeds(
  offsets: readonly { readonly topic: string; readonly records: readonly unknown[] | null }[],
): Need[] {
  const written = offsets.filter(({ records }) => records !== null)
  return [
    ...consumeNeeds(offsets.map(({ topic }) => topic)),
    ...written.map(({ topic }): Need => ({ action: "produce", kind: "topic", name: topic })),
  ]
}

/** What it takes to have messages put into `queue` by the broker: what putting them there oneself takes. */
export function targetNeeds(queue: string | null | undefined): Need[] {
  return queue === null || queue === undefined ? [] : [{ action: "produce", kind: "queue", name: queue }]
}

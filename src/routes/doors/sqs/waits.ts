import type { Scope } from "../../env.ts"

/** Whether a deleted queue's name rests, and a queue is purged only so often: development and tests may want neither. */
export function hasWaits({ env }: Pick<Scope, "env">): boolean {
  return env.MILLRACE_SQS_WAITS !== "off"
}

import type { AppendReply } from "../../core/stream/commands.ts"

/** Writes the result of the `nth` record that went to `partition` with the others of its batch. */
export function recordResult(
  partition: number,
  { baseOffset, repeated }: Pick<AppendReply, "baseOffset" | "repeated">,
): (nth: number) => string {
  const end = repeated ? ',"repeated":true}' : "}"
  return (nth) => `{"partition":${partition},"offset":${baseOffset === null ? "null" : baseOffset + nth}${end}`
}

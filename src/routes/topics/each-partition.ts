import type { Failure } from "../../core/errors.ts"
import { ok, type Result } from "../../core/result.ts"
import type { PartitionStub } from "../env.ts"
import { callPartition } from "../objects.ts"
import type { Call } from "../operation.ts"

/** What `ask` hears from the first `count` partitions of the call's topic, each with its number; or the first failure. */
export async function eachPartition<T extends object>(
  call: Call,
  count: number,
  ask: (stub: PartitionStub, version: number) => Promise<Result<T, Failure>>,
): Promise<Result<({ partition: number } & T)[], Failure>> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, partition) =>
      callPartition(call, call.params["topic"]!, partition, "idempotent", async (stub, { version }) => {
        const answer = await ask(stub, version)
        return answer.ok ? ok({ partition, ...answer.value }) : answer
      }),
    ),
  )
  const failed = answers.find((answer) => !answer.ok)
  return failed ?? ok(answers.flatMap((answer) => (answer.ok ? [answer.value] : [])))
}

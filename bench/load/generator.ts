import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Done, Job } from "./jobs.ts"

const MODULE = fileURLToPath(new URL("../load-generator.ts", import.meta.url))

/** Carries out one job after the other in a process of its own. */
export interface Generator {
  readonly run: (job: Job) => Promise<Done>
}

/** Runs `use` with a load generator, which ends with it. */
export async function withGenerator<T>(use: (generator: Generator) => Promise<T>): Promise<T> {
  const child = fork(MODULE)
  const run = async (job: Job): Promise<Done> => {
    child.send(job)
    const [answer] = (await once(child, "message")) as [{ done: Done } | { error: string }]
    if ("error" in answer) throw new Error(answer.error)
    return answer.done
  }
  try {
    return await use({ run })
  } finally {
    child.disconnect()
  }
}

/** A process that makes load, so that the broker's measurements do not share a thread with its client. */
import type { Job } from "./load/jobs.ts"
import { runJob } from "./load/run-job.ts"

process.on("message", (job: Job) => {
  runJob(job).then(
    (done) => process.send!({ done }),
    (error: unknown) => process.send!({ error: String(error) }),
  )
})
process.on("disconnect", () => process.exit())

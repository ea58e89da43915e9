import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chromium } from "../sdk/runtimes/chromium.ts"
import { bun, deno, nodeCurrent, nodeOldest } from "../sdk/runtimes/program.ts"
import type { Run, Runtime } from "../sdk/runtimes/runtime.ts"
import { type Stage, startStage } from "../sdk/runtimes/stage.ts"
import { workers } from "../sdk/runtimes/workers.ts"
import { allChecks } from "../sdk/suite/all-checks.ts"
import { startTestBroker, type TestBroker } from "../support/broker.ts"

/** The whole suite, on a machine that has other things to do. */
const RUN_MS = 5 * 60_000

let broker: TestBroker
let stage: Stage
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-sdk-"))
  broker = await startTestBroker()
  stage = await startStage(broker.url)
})
afterAll(async () => {
  await stage.close()
  await broker.dispose()
  rmSync(folder, { recursive: true, force: true })
})

for (const [index, runtime] of [nodeCurrent, nodeOldest, deno, bun, chromium, workers].entries()) {
  const missing = runtime.missing()

  describe(`the SDK in ${runtime.name}${missing === null ? "" : ` (${missing})`}`, { skip: skipped(runtime) }, () => {
    let run: Run
    beforeAll(async () => {
      const place = {
        url: stage.brokerUrl,
        token: broker.token,
        stageUrl: stage.url,
        prefix: `run${index}`,
        httpAllowed: runtime.httpAllowed,
      }
      run = await runtime.run(place, stage, join(folder, String(index)))
    }, RUN_MS)

    it.for(Object.keys(allChecks))("%s", (name) => {
      expect(outcome(run, name)).toBe("ok")
    })

    it("ends by itself and complains of nothing", () => {
      expect(run.lines.at(-1)).toBe("done")
      expect(run.lines).toHaveLength(Object.keys(allChecks).length + 1)
      expect(run.complaints).toBe("")
      expect(run.exitCode ?? 0).toBe(0)
    })
  })
}

/** Not every machine has an old Node. Without the others CI would prove less than it says: there they fail. */
function skipped(runtime: Runtime): boolean {
  return runtime.missing() !== null && (runtime === nodeOldest || process.env["CI"] === undefined)
}

function outcome(run: Run, name: string): string {
  const line = run.lines.find((line) => line === `ok ${name}` || line.startsWith(`not ok ${name}: `))
  if (line === undefined) return `did not run; ${run.complaints}`
  return line.startsWith("ok ") ? "ok" : String(JSON.parse(line.slice(`not ok ${name}: `.length)))
}

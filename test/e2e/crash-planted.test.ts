import { cpSync, existsSync, globSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { runCrashTest } from "../crash/crash.ts"
import { ownPort } from "../crash/port.ts"
import { startTestBroker, type TestBroker } from "../support/broker.ts"
import { type CrashProxy, startRewritingProxy } from "../support/crash/rewriting-proxy.ts"

/** A drain alone takes some ten seconds. */
const TIMEOUT_MS = 120_000
const SEED = 5
const PER_SECOND = 3_000
const AT_WORK = { kind: "at work", operations: 2_000 } as const

let broker: TestBroker | null = null
let proxy: CrashProxy | null = null

afterEach(async () => {
  await proxy?.close()
  await broker?.dispose()
  proxy = broker = null
})

/** Rules that were broken, each once. */
async function brokenRules(options: Omit<Parameters<typeof runCrashTest>[1], "seed" | "perSecond">): Promise<string[]> {
  const { violations } = await runCrashTest(broker!, { seed: SEED, perSecond: PER_SECOND, ...options })
  return [...new Set(violations.map(({ rule }) => rule))].toSorted()
}

const ENDS = ["", "-wal"]

/** The file of the object that holds most of a text, without its end. */
function fileWithMost(dataDir: string, text: string): string {
  const count = (file: string): number => {
    const ends = ENDS.map((end) => join(dataDir, file + end)).filter((path) => existsSync(path))
    return ends.reduce((sum, path) => sum + readFileSync(path, "latin1").split(text).length - 1, 0)
  }
  const counted = globSync("**/*.sqlite", { cwd: dataDir }).map((file) => ({ file, count: count(file) }))
  return counted.reduce((most, one) => (one.count > most.count ? one : most)).file
}

/** As if it had been written no further than when the copy was made. */
function restore(file: string, dataDir: string, copyDir: string): void {
  for (const end of [...ENDS, "-shm"]) {
    rmSync(join(dataDir, file + end), { force: true })
    if (existsSync(join(copyDir, file + end))) cpSync(join(copyDir, file + end), join(dataDir, file + end))
  }
}

test("[H38] a crash test finds a send that was confirmed and is not there", { timeout: TIMEOUT_MS }, async () => {
  broker = await startTestBroker({ port: await ownPort() })
  const { token, url } = broker
  let sends = 0
  // some go to another queue, whose answer looks like that of the right one
  proxy = await startRewritingProxy(url, (request) => {
    const isLost = request.startsWith("POST /v1/queues/work/messages ") && ++sends % 3 === 0
    return isLost ? request.replace("/work/", "/hole/") : request
  })
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  expect((await fetch(`${url}/v1/queues/hole`, { method: "PUT", headers, body: "{}" })).status).toBe(201)
  broker = { ...broker, url: proxy.url, token }
  expect(await brokenRules({ kills: [AT_WORK] })).toEqual(["lost"])
})

test(
  "[H38] a crash test finds an object whose last writes are gone after a kill",
  { timeout: TIMEOUT_MS },
  async () => {
    broker = await startTestBroker({ port: await ownPort() })
    const { dataDir } = broker
    const older = `${dataDir}-older`
    const whileDown = async (kills: number): Promise<void> => {
      if (kills === 1) return cpSync(dataDir, older, { recursive: true })
      restore(fileWithMost(older, "work sender-"), dataDir, older)
    }
    try {
      expect(await brokenRules({ kills: [AT_WORK, AT_WORK], whileDown })).toContain("delivered after ack")
    } finally {
      rmSync(older, { recursive: true, force: true })
    }
  },
)

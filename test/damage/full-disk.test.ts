import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startTestBroker, type TestBroker } from "../support/broker.ts"
import { checkHistory } from "../support/checkers/check-history.ts"
import type { Outage } from "../support/checkers/history.ts"
import { queuePromise } from "../support/checkers/promises.ts"
import { RecordedClient, type Received } from "../support/damage/recorded-client.ts"
import { openSmallDisk } from "../support/damage/small-disk.ts"

/** What the broker writes before it has any messages takes a third of it. */
const DISK_BYTES = 12 * 1024 * 1024
const VALUE_BYTES = 30_000
/** So many refusals in a row are no coincidence of sizes. */
const REFUSALS = 8
const SLACK_MS = 2_000

const disk = await openSmallDisk(DISK_BYTES)
if (disk === null) console.warn("not tested: this system lets nobody mount a small disk (unshare -rm, unshare -m)")

describe.runIf(disk !== null)("a disk that is full", () => {
  let broker: TestBroker
  let client: RecordedClient
  const outages: Outage[] = []
  const written: string[] = []
  let held: Received[] = []
  let errors = ""
  let fullFrom = 0
  let sizeBytes = DISK_BYTES

  const valueOf = (name: string): string => `${name} ${"x".repeat(VALUE_BYTES)}`

  /** Sends and appends until neither finds space, and takes what is left. */
  async function fillUp(run: string): Promise<void> {
    fullFrom = performance.now()
    for (let number = 0, refused = 0; refused < REFUSALS; number++) {
      const done = await Promise.all([
        client.send("work", valueOf(`${run}.${number}`)),
        client.append("log", valueOf(`${run}.${number}`)),
      ])
      refused = done.includes(true) ? 0 : refused + 1
    }
    await disk!.fill()
  }

  async function makeSpace(): Promise<void> {
    sizeBytes *= 3
    await disk!.resize(sizeBytes)
  }

  function itGoesOn(): void {
    outages.push({ from: fullFrom, until: performance.now() })
  }

  /** Everything out of the broker, held against all that it confirmed. */
  async function violations(): Promise<unknown[]> {
    await client.drain("work")
    const drainedAt = performance.now()
    await client.readAll("log")
    const work = { ...queuePromise({ queues: {}, topics: {}, slackMs: 0 }, ""), drainedAt }
    return checkHistory({ operations: client.operations, outages }, { queues: { work }, topics: {}, slackMs: SLACK_MS })
  }

  beforeAll(async () => {
    const onError = (text: string): void => void (errors += text)
    broker = await startTestBroker({ dataDir: disk!.path, within: disk!.within, onError })
    client = new RecordedClient(broker)
    expect((await client.ask("PUT", "queues/work", {})).status).toBe(201)
    expect((await client.ask("PUT", "topics/log", { partitions: 1 })).status).toBe(201)
    for (const name of ["a", "b", "c"]) written.push(valueOf(name))
    for (const value of written) {
      expect(await client.send("work", value)).toBe(true)
      expect(await client.append("log", value)).toBe(true)
    }
    held = await client.receive("work", 1)
    expect(held).toHaveLength(1)
    await client.ask("PUT", "queues/dead", {})
    await client.ask("PUT", "queues/spent", { maxDeliveries: 1, deadLetterQueue: "dead", visibilityTimeoutMs: 1_000 })
    await client.ask("POST", "queues/spent/messages", { body: "letter" })
    await client.ask("POST", "queues/spent/receive", {})
    await fillUp("first")
  })

  afterAll(async () => {
    await broker.dispose()
    await disk!.dispose()
  })

  it("[K1] answers what finds no space with disk_full or unavailable, and when to come back", async () => {
    await client.ask("PUT", "queues/another", {})
    await client.ask("DELETE", "topics/log")
    expect(await client.receive("work", 1)).toEqual([])
    expect(await client.ack("work", held[0]!.receipt)).toBe(false)
    expect(client.refusals.length).toBeGreaterThan(2 * REFUSALS)
    for (const { status, code, retryAfter } of client.refusals) {
      expect([507, 503]).toContain(status)
      expect(code).toBe(status === 507 ? "disk_full" : "unavailable")
      expect(retryAfter).toBe("1")
    }
    const named = client.refusals.filter(({ code }) => code === "disk_full")
    expect(new Set(named.map(({ what }) => what))).toContain("queues/work/messages")
    expect(errors).toContain("SQLITE_FULL")
  })

  it("[K2] still answers what only reads", async () => {
    expect((await client.readAll("log")).slice(0, written.length)).toEqual(written)
    expect((await client.ask("GET", "queues/work")).status).toBe(200)
    const browsed = await client.ask("GET", "queues/work/messages?state=ready&limit=5")
    expect(browsed).toMatchObject({ status: 200 })
    expect((await fetch(`${broker.url}/healthz`)).status).toBe(200)
  })

  it("[K3] goes on by itself when there is space, without what was confirmed having changed", async () => {
    await makeSpace()
    itGoesOn()
    expect(await client.ack("work", held[0]!.receipt)).toBe(true)
    expect(await client.send("work", "when there was space")).toBe(true)
    expect(await client.append("log", "when there was space")).toBe(true)
    expect(await violations()).toEqual([])
  })

  it("[K3] does what became due meanwhile, when somebody asks", async () => {
    const statistics = async (queue: string): Promise<unknown> => {
      const { body } = await client.ask("GET", `queues/${queue}`)
      return (body as { readonly statistics: unknown }).statistics
    }
    await expect.poll(() => statistics("spent"), { timeout: 10_000 }).toMatchObject({ deadLettered: 1 })
    await expect.poll(() => statistics("dead"), { timeout: 10_000 }).toMatchObject({ ready: 1 })
  })

  it("[K3] so it does when it was killed meanwhile, and started before there was space and after", async () => {
    await fillUp("second")
    await broker.kill9()
    // on a disk without a free byte it may say that it can't, but what is stored is safe from the attempt
    const started = await broker.restart().then(
      () => true,
      () => false,
    )
    if (started) await broker.kill9()
    await makeSpace()
    await broker.restart()
    itGoesOn()
    expect(await violations()).toEqual([])
  })
})

import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startTestBroker, type TestBroker } from "../support/broker.ts"
import { databaseWith, zero } from "../support/damage/data-files.ts"
import { salvaged } from "../support/damage/salvaged.ts"
import { RecordedClient } from "../support/damage/recorded-client.ts"

const MESSAGES = 20
const PAGE_BYTES = 4_096

let broker: TestBroker
let client: RecordedClient
let errors = ""

const all = (name: string): string[] => Array.from({ length: MESSAGES }, (_, number) => `${name}.${number}`)

beforeAll(async () => {
  broker = await startTestBroker({ onError: (text) => void (errors += text) })
  client = new RecordedClient(broker)
  for (const queue of ["holed", "torn", "intact"]) {
    await client.ask("PUT", `queues/${queue}`, {})
    for (const value of all(queue)) expect(await client.send(queue, value)).toBe(true)
  }
  // a clean end would leave no log
  await broker.kill9()
})

afterAll(() => broker.dispose())

describe("a write-ahead log that is damaged", () => {
  let holed = ""

  it("[K8] sets a database aside where commits stand behind the damage, and serves the others", async () => {
    holed = databaseWith(broker.dataDir, "QueueObject", "holed.0")
    cpSync(`${holed}-wal`, join(broker.dataDir, "backup-wal"))
    cpSync(holed, join(broker.dataDir, "backup"))
    zero(`${holed}-wal`, Math.floor(statSync(`${holed}-wal`).size / 2), PAGE_BYTES)
    await broker.restart()
    expect(errors).toContain(`${basename(holed)}: its write-ahead log is damaged at byte`)
    const lost = await client.ask("POST", "queues/holed/receive", {})
    expect(lost).toMatchObject({ status: 500, body: { code: "corrupt_storage", name: "holed" } })
    const refused = await client.ask("POST", "queues/holed/messages", { body: "new" })
    expect(refused).toMatchObject({ status: 500, body: { code: "corrupt_storage" } })
    expect(await client.send("intact", "more")).toBe(true)
    const [moment = ""] = readdirSync(join(broker.dataDir, "damaged"))
    const aside = join(broker.dataDir, "damaged", moment, "millrace-QueueObject")
    expect(readdirSync(aside)).toEqual(expect.arrayContaining([basename(holed), `${basename(holed)}-wal`]))
    expect(salvaged(join(aside, basename(holed)))).toEqual(all("holed"))
  })

  it("[K8] takes a database from a backup back", async () => {
    await broker.kill9()
    cpSync(join(broker.dataDir, "backup"), holed)
    cpSync(join(broker.dataDir, "backup-wal"), `${holed}-wal`)
    await broker.restart()
    expect(await client.drain("holed")).toEqual(all("holed"))
  })

  it("[K9] takes what a crash leaves for the end of the log, with everything that was confirmed", async () => {
    await broker.kill9()
    const log = `${databaseWith(broker.dataDir, "QueueObject", "torn.0")}-wal`
    // half of what a commit writes, without its checksum
    appendFileSync(log, readFileSync(log).subarray(-PAGE_BYTES / 2))
    await broker.restart()
    expect(await client.drain("torn")).toEqual(all("torn"))
  })

  it("[K10] does not start without a catalog, and says why", async () => {
    await broker.kill9()
    const folder = join(broker.dataDir, "objects", "millrace-CatalogObject")
    const [catalog = ""] = readdirSync(folder).filter((file) => /^[0-9a-f]+\.sqlite$/.test(file))
    const path = join(folder, catalog)
    const whole = readFileSync(path)
    zero(path, 0, PAGE_BYTES)
    errors = ""
    await expect(broker.restart()).rejects.toThrow("the broker ended before it was ready")
    await expect
      .poll(() => errors)
      .toContain(`the catalog is damaged, restore it from a backup: millrace-CatalogObject`)
    writeFileSync(path, whole)
    await broker.restart()
    expect(await client.drain("intact")).toEqual([...all("intact"), "more"])
  })

  it("[K10] does not start without the times at which objects are to wake, of which it would not say a word", async () => {
    await broker.kill9()
    const alarms = join(broker.dataDir, "objects", "millrace-QueueObject", "metadata.sqlite")
    zero(alarms, 0, PAGE_BYTES)
    errors = ""
    await expect(broker.restart()).rejects.toThrow("the broker ended before it was ready")
    await expect
      .poll(() => errors)
      .toContain("a list of alarms is damaged, restore it from a backup: millrace-QueueObject")
    for (const companion of ["", "-wal", "-shm"]) rmSync(`${alarms}${companion}`, { force: true })
    await broker.restart()
    expect(await client.send("intact", "still there")).toBe(true)
    expect(await client.drain("intact")).toEqual(["still there"])
  })
})

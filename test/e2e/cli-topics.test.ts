import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type TestBroker, startTestBroker } from "../support/broker.ts"
import { builtCli, type Cli, objectsOf } from "../support/cli.ts"

let broker: TestBroker
let cli: Cli
beforeAll(async () => {
  broker = await startTestBroker()
  cli = builtCli(broker)
})
afterAll(async () => {
  cli?.dispose()
  await broker?.dispose()
})

const bodies = (records: Record<string, unknown>[]): unknown[] => records.map(({ body }) => body)

describe("topics", () => {
  it("are created, changed, shown, listed and deleted", async () => {
    await cli.read("topic create made --partitions 2 --retention 1d --retention-bytes 2mb")
    await cli.read("topic set made --partitions 3 --retention none")
    const [made] = await cli.json("topic get made")
    expect(made).toMatchObject({ settings: { partitions: 3, retentionMs: null, retentionBytes: 2_097_152 } })
    expect(await cli.read("topic list --prefix made")).toMatch(/^made\t3\tdelete\t-\t/)
    expect(await cli.read("topic stats made")).toBe("0\t0\t0\t0\t-\n1\t0\t0\t0\t-\n2\t0\t0\t0\t-\n")
    expect(await cli.run("topic delete made")).toMatchObject({ code: 2 })
    await cli.read("topic delete made --yes")
    expect(await cli.json("topic list --prefix made")).toEqual([])
  })
})

describe("producing", () => {
  it("takes values, JSON and keys, and answers with places", async () => {
    await cli.read("topic create keyed --partitions 4")
    const places = await cli.json(`topic produce keyed one two --json-body '{"n": 3}' --key JFK --header h=1`)
    const partitions = new Set(places.map(({ partition }) => partition))
    expect(partitions.size).toBe(1)
    expect(places.map(({ offset }) => offset)).toEqual([0, 1, 2])
    const read = await cli.json("topic tail keyed --from earliest")
    expect(bodies(read)).toEqual(["one", "two", { n: 3 }])
    expect(read[0]).toMatchObject({ key: "JFK", headers: { h: "1" }, partition: [...partitions][0] })
  })

  it("takes lines with keys: all of them, those of a key in their order", async () => {
    await cli.read("topic create lines --partitions 4")
    const lines = Array.from({ length: 10_000 }, (_, at) => `key-${at % 7}:${at}`)
    const { code, stderr } = await cli.run("topic produce lines --key-separator : --quiet", { input: lines.join("\n") })
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    const read = await cli.json("topic tail lines --from earliest")
    expect(read).toHaveLength(10_000)
    for (let key = 0; key < 7; key++) {
      const values = read.filter((record) => record["key"] === `key-${key}`).map(({ body }) => Number(body))
      expect(values).toEqual(values.toSorted((a, b) => a - b))
      expect(values[0]).toBe(key)
    }
  })

  it("takes records as objects, tombstones too, and what tail says of them", async () => {
    await cli.read("topic create objects --cleanup compact --timestamp producer")
    const records = [
      { key: "a", body: "text", timestamp: 1_767_225_600_000 },
      { key: "b", bodyBase64: "/wA=" },
      { key: "a", tombstone: true },
      { key: "c", body: [1, 2] },
    ]
    const input = records.map((record) => JSON.stringify(record)).join("\n")
    await cli.read("topic produce objects --ndjson", { input })
    const tailed = await cli.read("topic tail objects --from earliest --json")
    expect(objectsOf(tailed)).toMatchObject([
      { key: "a", body: "text", timestamp: 1_767_225_600_000 },
      { key: "b", bodyBase64: "/wA=" },
      { key: "a", tombstone: true },
      { key: "c", body: [1, 2] },
    ])
    await cli.read("topic create copies --timestamp producer")
    await cli.read("topic produce copies --ndjson", { input: tailed })
    expect(await cli.json("topic tail copies --from earliest")).toMatchObject(objectsOf(tailed))
  })

  it("says which line is wrong, and what the broker refuses", async () => {
    await cli.read("topic create small --max-record-bytes 16")
    expect(await cli.run("topic produce small --key-separator =", { input: "a=1\nb\n" })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('line 2 has no "=" between key and value') as string,
    })
    const { code, stderr } = await cli.run("topic produce small --json", { input: `short\n${"x".repeat(100)}\n` })
    expect(code).toBe(1)
    expect(objectsOf(stderr)).toMatchObject([{ error: { code: "payload_too_large", line: 2 } }])
  })
})

describe("tailing", () => {
  beforeAll(async () => {
    await cli.read("topic create tailed --partitions 2")
    const input = Array.from({ length: 40 }, (_, at) => JSON.stringify({ partition: at % 2, body: at })).join("\n")
    await cli.read("topic produce tailed --ndjson", { input })
  })

  it.each([
    ["", 20],
    ["--from earliest", 40],
    ["--from latest", 0],
    ["--from -3", 6],
    ["--from -3 --partition 1", 3],
    ["--from 15 --partition 0", 5],
    ["--from 2026-01-01", 40],
    ["--from 2100-01-01", 0],
    ["--from earliest --max 7", 7],
    ["--from earliest --key nobody", 0],
  ])("topic tail %s reads %i records", async (flags, count) => {
    expect(await cli.json(`topic tail tailed ${flags}`)).toHaveLength(count)
  })

  it("--raw writes the values alone", async () => {
    expect(await cli.read("topic tail tailed --from -2 -p 1 --raw")).toBe("37\n39\n")
  })

  it("--follow goes on with what comes", async () => {
    await cli.read("topic create followed --partitions 2")
    const following = cli.json("topic tail followed --follow --from earliest --max 3")
    await cli.read("topic produce followed a --partition 0")
    await cli.read("topic produce followed b c --partition 1")
    expect(new Set(bodies(await following))).toEqual(new Set(["a", "b", "c"]))
  })

  it("what is not there is refused", async () => {
    expect(await cli.run("topic tail tailed --partition 9")).toMatchObject({ code: 1 })
    expect(await cli.run("topic tail nothing")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("error: not_found") as string,
    })
  })
})

describe("groups", () => {
  it("are created, shown, listed and deleted", async () => {
    await cli.read("group create made --session-timeout 30s --auto-offset-reset 1h")
    const [made] = await cli.json("group get made")
    expect(made).toMatchObject({ settings: { sessionTimeoutMs: 30_000, autoOffsetReset: { durationMs: 3_600_000 } } })
    await cli.read("queue create made-failed")
    await cli.read("group create shared --type share --max-deliveries 3 --dead-letter queue/made-failed --ordering key")
    expect(await cli.json("group get shared")).toMatchObject([
      { settings: { type: "share", maxDeliveries: 3, deadLetter: { queue: "made-failed" }, ordering: "key" } },
    ])
    expect(await cli.read("group list --prefix made")).toMatch(/^made\tconsumer\tuniform\t/)
    expect(await cli.json("group get made --members")).toEqual([])
    await cli.read("group delete made --yes")
    expect(await cli.json("group list --prefix made")).toEqual([])
  })

  it("are moved, and show how far they are behind", async () => {
    await cli.read("topic create sought --partitions 2")
    await cli.read("topic produce sought a b c --partition 0")
    await cli.read("topic produce sought d --partition 1")
    await cli.read("group create billing")
    const dry = await cli.run("group seek billing sought --to earliest --dry-run")
    expect(dry).toMatchObject({ code: 0, stdout: "sought\t0\t-\t0\nsought\t1\t-\t0\n" })
    expect(dry.stderr).toContain("nothing was changed")
    expect(await cli.json("group lag billing")).not.toMatchObject([{ committedOffset: 0 }, { committedOffset: 0 }])
    await cli.read("group seek billing sought --to earliest")
    expect(await cli.read("group lag billing")).toBe("sought\t0\t0\t3\t3\t-\nsought\t1\t0\t1\t1\t-\n")
    await cli.read("group seek billing sought --to latest --partition 0")
    await cli.read("group seek billing sought --to=-1 -p 0")
    expect(await cli.read("group lag billing --topic sought")).toBe("sought\t0\t2\t3\t1\t-\nsought\t1\t0\t1\t1\t-\n")
  })

  it("what can't be moved is told, and the rest moves", async () => {
    await cli.read("topic create uneven --partitions 2")
    await cli.read("topic produce uneven a b --partition 0")
    await cli.read("group create mixed")
    const { code, stdout, stderr } = await cli.run("group seek mixed uneven --to 2")
    expect(code).toBe(1)
    expect(stdout).toBe("uneven\t0\t-\t2\n")
    expect(stderr).toContain("error: offset_out_of_range: uneven/1: ")
  })
})

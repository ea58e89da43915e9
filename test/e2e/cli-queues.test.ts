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

const statistics = async (queue: string): Promise<Record<string, unknown>> =>
  (await cli.json(`queue stats ${queue}`))[0]!
const bodies = (messages: Record<string, unknown>[]): unknown[] => messages.map(({ body }) => body)

describe("queues", () => {
  it("are created, changed, shown, listed and deleted", async () => {
    const [made] = await cli.json("queue create made --max-deliveries 3 --visibility-timeout 1m --retention 2d")
    expect(made).toMatchObject({ name: "made", settings: { maxDeliveries: 3, visibilityTimeoutMs: 60_000 } })
    await cli.read("queue set made --max-deliveries none --delivery-paused --retry-delay exponential:1s:1m:0.5")
    const [shown] = await cli.json("queue get made")
    expect(shown).toMatchObject({
      settings: {
        maxDeliveries: null,
        retentionMs: 172_800_000,
        deliveryPaused: true,
        retryDelay: { kind: "exponential", baseMs: 1000, maxMs: 60_000, jitter: 0.5 },
      },
    })
    await cli.read("queue create listed-1 --ordering fifo")
    await cli.read("queue create listed-2")
    expect((await cli.json("queue list --prefix listed-")).map(({ name }) => name)).toEqual(["listed-1", "listed-2"])
    expect(await cli.read("queue list --prefix listed- --limit 1")).toMatch(/^listed-1\tfifo\t-\t\d{4}-\S+\n$/)
    expect(await cli.read("queue list --prefix listed- --stats")).toBe("listed-1\t0\t0\t0\t0\nlisted-2\t0\t0\t0\t0\n")
    await cli.read("queue delete listed-1 --yes")
    expect((await cli.json("queue list --prefix listed-")).map(({ name }) => name)).toEqual(["listed-2"])
  })

  it("are listed page by page", async () => {
    const names = Array.from({ length: 12 }, (_, at) => `page-${String(at).padStart(2, "0")}`)
    for (const name of names) await cli.read(`queue create ${name}`)
    expect((await cli.json("queue list --prefix page-")).map(({ name }) => name)).toEqual(names)
    expect(await cli.json("queue list --prefix page- --limit 7")).toHaveLength(7)
  })

  it("are deleted and purged only when somebody agreed", async () => {
    await cli.read("queue create kept")
    for (const command of ["queue delete kept", "queue purge kept"]) {
      const { code, stderr } = await cli.run(command)
      expect(code).toBe(2)
      expect(stderr).toContain("say --yes")
    }
    expect(await cli.json("queue get kept")).toHaveLength(1)
  })
})

describe("sending", () => {
  it("takes text, JSON and files, and answers with ids", async () => {
    await cli.read("queue create sent")
    const out = await cli.read(`queue send sent one 'two words' --json-body '{"three": 3}' --header a=b=c --ttl 1h`)
    expect(out).toMatch(/^(\S+\n){3}$/)
    const peeked = await cli.json("queue peek sent")
    expect(bodies(peeked)).toEqual(["one", "two words", { three: 3 }])
    expect(peeked.map(({ id }) => id)).toEqual(out.trim().split("\n"))
    expect(peeked[0]).toMatchObject({ headers: { a: "b=c" }, state: "ready" })
    await cli.read("queue send sent -- --dashed")
    expect(bodies(await cli.json("queue peek sent")).at(-1)).toBe("--dashed")
  })

  it("takes lines: all of them, in their order", async () => {
    await cli.read("queue create lines")
    const lines = Array.from({ length: 10_000 }, (_, at) => `line ${at}`)
    const { code, stdout, stderr } = await cli.run("queue send lines", { input: `${lines.join("\n")}\n` })
    expect(code).toBe(0)
    expect(stdout.split("\n")).toHaveLength(10_001)
    expect(stderr).toMatch(/^sent 10,000 in /)
    expect(bodies(await cli.json("queue peek lines --max 10000"))).toEqual(lines)
  })

  it("takes messages as objects, and what receive says of them", async () => {
    await cli.read("queue create objects --ordering fifo")
    const messages = [
      { body: "a", groupId: "g", headers: { h: "1" } },
      { bodyBase64: "/wA=", groupId: "g", dedupId: "once" },
      { body: { deep: [1] }, groupId: "g", id: "0-0-1", deliveryCount: 4, sentAt: 5 },
      { body: "123", groupId: "g" },
    ]
    const input = messages.map((message) => JSON.stringify(message)).join("\n")
    expect(await cli.json("queue send objects --ndjson", { input })).toHaveLength(4)
    expect(await cli.json("queue peek objects")).toMatchObject([
      { body: "a", groupId: "g", headers: { h: "1" } },
      { bodyBase64: "/wA=" },
      { body: { deep: [1] } },
      { body: "123" },
    ])
    const copied = await cli.read("queue receive objects --max 4 --wait 30s --ack --json")
    await cli.read("queue create copies --ordering fifo")
    await cli.read("queue send copies --ndjson", { input: copied })
    expect(bodies(await cli.json("queue peek copies"))).toEqual(["a", undefined, { deep: [1] }, "123"])
  })

  it("says which line is wrong", async () => {
    await cli.read("queue create wrong")
    const input = '{"body":1}\n{"body":2,"grupId":"x"}\n'
    expect(await cli.run("queue send wrong --ndjson", { input })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/error: usage: line 2: a message has no grupId/) as string,
    })
  })

  it("delays, and recognises repeats", async () => {
    await cli.read("queue create later")
    await cli.read("queue send later soon --delay 1h")
    await cli.read("queue send later then --at 2100-01-01")
    expect(bodies(await cli.json("queue peek later --state scheduled"))).toEqual(["soon", "then"])
    const ids = [await cli.read("queue send later x --dedup k"), await cli.read("queue send later x --dedup k")]
    expect(ids[0]).toBe(ids[1])
  })

  it("does not try every line where there is no queue", async () => {
    const { code, stderr } = await cli.run("queue send nowhere", { input: "a\nb\nc\n" })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: not_found: [^\n]+\n$/)
  })

  it("tells every refusal with its line, sends the others, and ends with 1", async () => {
    await cli.read("queue create full --max-messages 2")
    const { code, stdout, stderr } = await cli.run("queue send full --json", { input: "a\nb\nc\nd\n" })
    expect(code).toBe(1)
    expect(objectsOf(stdout)).toHaveLength(2)
    expect(objectsOf(stderr)).toMatchObject([
      { error: { code: "queue_full", line: 3 } },
      { error: { code: "queue_full", line: 4 } },
    ])
  })
})

describe("receiving", () => {
  it("gives back what it showed", async () => {
    await cli.read("queue create shown")
    await cli.read("queue send shown a b c")
    expect(bodies(await cli.json("queue receive shown --max 2 --wait 30s"))).toEqual(["a", "b"])
    expect(await statistics("shown")).toMatchObject({ ready: 3, inFlight: 0 })
  })

  it("--ack takes it", async () => {
    await cli.read("queue create acked")
    await cli.read("queue send acked a b c")
    expect(await cli.read("queue receive acked --max 2 --wait 30s --ack --raw")).toBe("a\nb\n")
    expect(await statistics("acked")).toMatchObject({ ready: 1, inFlight: 0, acknowledged: 2 })
  })

  it("--keep leaves it lent, and prints receipts", async () => {
    await cli.read("queue create lent")
    await cli.read("queue send lent a b")
    const [message] = await cli.json("queue receive lent --keep --visibility-timeout 10m")
    expect(message).toMatchObject({ body: "a", receipt: expect.any(String) as string })
    expect(await statistics("lent")).toMatchObject({ ready: 1, inFlight: 1 })
  })

  it("waits, and without a message says so and ends well", async () => {
    await cli.read("queue create empty")
    const waiting = cli.read("queue receive empty --wait 50s --ack --raw")
    await cli.read("queue send empty hello")
    expect(await waiting).toBe("hello\n")
    for (const keep of ["", "--keep"]) {
      const { code, stdout, stderr } = await cli.run(`queue receive empty --wait 100ms ${keep}`)
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "no message came\n" })
    }
  })

  it("takes what a large queue has, all of it", async () => {
    await cli.read("queue create many")
    await cli.read("queue send many", { input: Array.from({ length: 1500 }, (_, at) => `${at}\n`).join("") })
    const taken = await cli.read("queue receive many --max 1500 --wait 30s --ack --raw")
    expect(taken.trim().split("\n").map(Number)).toEqual(Array.from({ length: 1500 }, (_, at) => at))
    expect(await statistics("many")).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 1500 })
  })
})

describe("dead letters", () => {
  it("are looked at, redriven and purged", async () => {
    await cli.read("queue create failed")
    await cli.read("queue create flaky --max-deliveries 1 --dead-letter-queue failed")
    await cli.read("queue send flaky a b c")
    await cli.read("queue receive flaky --max 3 --keep --visibility-timeout 0")
    await expect.poll(() => statistics("failed"), { timeout: 20_000 }).toMatchObject({ ready: 3 })
    expect(
      await cli.json("queue peek failed --reason max_deliveries --header millrace-dead-letter-source=flaky"),
    ).toHaveLength(3)
    expect(await cli.json("queue peek failed --reason expired")).toEqual([])
    const [redrive] = await cli.json("queue redrive failed --follow")
    expect(redrive).toMatchObject({ state: "done", moved: 3, remaining: 0 })
    expect(await cli.json("queue redrive failed --status")).toMatchObject([{ state: "done", moved: 3 }])
    expect(await statistics("flaky")).toMatchObject({ ready: 3 })
    expect(await cli.json("queue purge flaky --yes --state ready --state delayed")).toEqual([{ removed: 3 }])
    expect(await cli.run("queue redrive failed --cancel")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("error: not_found:") as string,
    })
  })
})

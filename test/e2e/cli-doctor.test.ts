import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type TestBroker, startTestBroker } from "../support/broker.ts"
import { builtCli, type Cli, type CliOptions, objectsOf } from "../support/cli.ts"

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

async function doctor(
  options: CliOptions = {},
): Promise<{ code: number | null; outcomes: Record<string, unknown>; advice: string }> {
  const { code, stdout } = await cli.run("doctor --json", options)
  const steps = objectsOf(stdout)
  const outcomes = Object.fromEntries(steps.map(({ check, outcome }) => [String(check), outcome]))
  return { code, outcomes, advice: steps.map(({ advice = "" }) => String(advice)).join("") }
}

describe("doctor", () => {
  it("finds nothing where nothing is wrong, and leaves nothing behind", async () => {
    const { code, outcomes } = await doctor()
    expect(outcomes).toEqual({
      node: "ok",
      settings: "ok",
      broker: "ok",
      token: "ok",
      socket: "ok",
      "round trip": "ok",
    })
    expect(code).toBe(0)
    expect(await cli.json("queue list --prefix millrace-doctor-")).toEqual([])
  })

  it("says what to do where the broker is not there", async () => {
    const { code, outcomes, advice } = await doctor({ env: { MILLRACE_URL: "http://127.0.0.1:9" } })
    expect(code).toBe(1)
    expect(outcomes).toMatchObject({ broker: "failed", token: "skipped", socket: "skipped", "round trip": "skipped" })
    expect(advice).toContain("millrace start")
  })

  it("says what to do where the token is wrong, missing or at its end", async () => {
    const wrong = await doctor({ env: { MILLRACE_TOKEN: "wrong" } })
    expect(wrong).toMatchObject({ code: 1, outcomes: { broker: "ok", token: "failed", socket: "skipped" } })
    expect(wrong.advice).toContain("environment")
    const missing = await doctor({ env: { MILLRACE_TOKEN: "" } })
    expect(missing.advice).toContain("--token")
    const token = (await cli.read("token create --for 1ms")).trim()
    const ended = await doctor({ env: { MILLRACE_TOKEN: token } })
    expect(ended.advice).toContain("millrace token create")
  })

  it("a token without the right to make a queue is no failure", async () => {
    const token = (await cli.read("token create --for 1h --allow read:queues/*")).trim()
    const { code, outcomes } = await doctor({ env: { MILLRACE_TOKEN: token } })
    expect(outcomes).toMatchObject({ token: "ok", socket: "ok", "round trip": "skipped" })
    expect(code).toBe(0)
  })
})

describe("tokens", () => {
  it("are made with rights and an end", async () => {
    await cli.read("queue create mine")
    await cli.read("queue create yours")
    const { stdout, stderr } = await cli.run("token create --for 1h --allow produce:queues/m* --subject tests")
    expect(stderr).toMatch(/^good until \d{4}-/)
    const env = { MILLRACE_TOKEN: stdout.trim() }
    expect(await cli.run("queue send mine x", { env })).toMatchObject({ code: 0 })
    expect(await cli.run("queue send yours x", { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("error: forbidden: ") as string,
    })
    expect(await cli.run("token create", { env })).toMatchObject({ code: 1 })
    const [made] = await cli.json("token create --for none --namespace other")
    expect(made).toMatchObject({ namespace: "other", expiresAt: null, rights: null })
  })

  it("are access keys with --aws, and those can be taken back", async () => {
    const { stdout, stderr } = await cli.run("token create --aws --for none --allow consume:queues/*")
    expect(stderr).toMatch(/^it has no end; the secret/)
    const id = /^AWS_ACCESS_KEY_ID=(MRAK[A-Z2-7]{16})\nAWS_SECRET_ACCESS_KEY=[\w-]{40}\n$/.exec(stdout)![1]!
    expect(await cli.run(`token delete ${id}`)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(id) as string,
    })
    expect(await cli.run(`token delete ${id}`)).toMatchObject({ code: 1 })
    const [made] = await cli.json("token create --aws --account 123456789012 --namespace other")
    expect(made).toMatchObject({ kind: "aws", accountId: "123456789012", namespace: "other" })
    expect(await cli.run("token create --account 123456789012")).toMatchObject({ code: 2 })
    expect(await cli.run("token create --aws --account 12")).toMatchObject({ code: 1 })
  })
})

describe("bench", () => {
  it.each(["queue", "topic"])("measures a %s and leaves nothing behind", async (what) => {
    const [result] = await cli.json(`bench ${what} --messages 2000 --size 100`)
    expect(result).toMatchObject({ sizeBytes: 100, sent: { count: 2000 }, received: { count: 2000 } })
    const { p50Ms, maxMs, perSecond } = result!["received"] as Record<string, number>
    expect(p50Ms).toBeGreaterThan(0)
    expect(maxMs).toBeGreaterThanOrEqual(p50Ms!)
    expect(perSecond).toBeGreaterThan(0)
    expect(await cli.json(`${what} list --prefix millrace-bench-`)).toEqual([])
  })

  it("sends for a while at a rate, without receiving", async () => {
    const [result] = await cli.json("bench --for 1s --rate 100 --no-consume")
    const { count, tookMs } = result!["sent"] as { count: number; tookMs: number }
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThanOrEqual(101)
    // of a thousand turns that were taken nine hundred come after the end: nobody waits for those
    expect(tookMs).toBeLessThan(5_000)
    expect(result).not.toHaveProperty("received")
  })
})

import { execFileSync, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { createInterface } from "node:readline"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type TestBroker, startTestBroker } from "../support/broker.ts"
import { BIN, builtCli, type Cli, type CliResult, objectsOf } from "../support/cli.ts"

let broker: TestBroker
let cli: Cli
beforeAll(async () => {
  broker = await startTestBroker()
  cli = builtCli(broker)
  await cli.read("queue create jobs")
})
afterAll(async () => {
  cli?.dispose()
  await broker?.dispose()
})

const statistics = async (queue: string): Promise<Record<string, unknown>> =>
  (await cli.json(`queue stats ${queue}`))[0]!

/** Through a shell, for pipes. */
function shell(script: string): CliResult {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], {
    env: { ...cli.env, MILLRACE: `${process.execPath} ${BIN}` },
    encoding: "utf8",
  })
  return { code: status, stdout, stderr }
}

describe("exit codes", () => {
  it.each([
    ["queue list", 0],
    ["--help", 0],
    ["queue get nobody", 1],
    ["queue list --prefxi x", 2],
    ["queue list --url nonsense", 2],
    ["queue list --profile nobody", 2],
    ["queue list --token wrong", 3],
    ["queue list --url http://127.0.0.1:9", 3],
    ["queue send jobs x --token wrong", 3],
    ["queue send nobody x", 1],
    ["queue receive nobody", 1],
  ])("millrace %s ends with %i, and one line on stderr where that is not 0", async (args, code) => {
    const result = await cli.run(args)
    expect({ ...result, stdout: "" }).toMatchObject({ code })
    if (code === 0) return
    expect(result.stderr).toMatch(/^error: \w+: .+\n$/)
    const [line] = objectsOf((await cli.run(`${args} --json`)).stderr)
    expect(line).toMatchObject({ error: { code: /^error: (\w+)/.exec(result.stderr)?.[1] } })
  })

  it("names the broker that it can't reach, and where its address is from", async () => {
    const { stderr } = await cli.run("queue list", { env: { MILLRACE_URL: "http://127.0.0.1:9" } })
    expect(stderr).toContain("http://127.0.0.1:9, from environment")
  })
})

describe("settings", () => {
  it("a profile is used, and that others can read it is told", async () => {
    const folder = join(cli.env["HOME"]!, ".config", "millrace")
    mkdirSync(folder, { recursive: true })
    const path = join(folder, "profiles.toml")
    writeFileSync(path, `[staging]\nurl = "${broker.url}"\ntoken = "${broker.token}"\n`)
    chmodSync(path, 0o644)
    const env = { MILLRACE_URL: "http://127.0.0.1:9", MILLRACE_TOKEN: "wrong" }
    const { code, stderr } = await cli.run("queue list --profile staging", { env })
    expect(code).toBe(0)
    expect(stderr).toBe(`warning: others can read ${path}: chmod 600 ${path}\n`)
    expect((await cli.run("queue list --profile staging --quiet", { env })).stderr).toBe("")
    expect((await cli.run("queue list")).stderr).toBe("")
  })
})

describe("signals and pipes", () => {
  it("SIGINT in the middle of a receive gives back what was not acknowledged", async () => {
    await cli.read("queue create held")
    await cli.read("queue send held", { input: Array.from({ length: 50 }, (_, at) => `${at}\n`).join("") })
    const child = cli.start("queue receive held --max 100 --wait 1h --raw")
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    for (let at = 0; at < 50; at++) expect((await lines.next()).value).toBe(String(at))
    expect(await statistics("held")).toMatchObject({ inFlight: 50 })
    child.kill("SIGINT")
    await once(child, "exit")
    expect(child.exitCode).toBe(130)
    expect(await statistics("held")).toMatchObject({ ready: 50, inFlight: 0 })
  })

  it("SIGTERM ends a follower, and what was printed is acknowledged", async () => {
    await cli.read("queue create followed")
    const child = cli.start("queue receive followed --follow --ack --raw")
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    await cli.read("queue send followed a b")
    expect([(await lines.next()).value, (await lines.next()).value]).toEqual(["a", "b"])
    child.kill("SIGTERM")
    await once(child, "exit")
    expect(child.exitCode).toBe(143)
    expect(await statistics("followed")).toMatchObject({ ready: 0, inFlight: 0, acknowledged: 2 })
  })

  it("SIGINT ends what waits for stdin; what was read is sent", async () => {
    await cli.read("queue create partly")
    const child = cli.start("queue send partly")
    child.stdin!.write("a\nb\n")
    await expect.poll(() => statistics("partly"), { timeout: 20_000 }).toMatchObject({ ready: 2 })
    child.kill("SIGINT")
    await once(child, "exit")
    expect(child.exitCode).toBe(130)
  })

  it("SIGINT ends a bench, and what it made is gone", async () => {
    const child = cli.start("bench --for 1h")
    await expect.poll(() => cli.json("queue list --prefix millrace-bench-"), { timeout: 20_000 }).toHaveLength(1)
    child.kill("SIGINT")
    await once(child, "exit")
    expect(child.exitCode).toBe(130)
    expect(await cli.json("queue list --prefix millrace-bench-")).toEqual([])
  })

  it("SIGINT ends it also where the broker has gone away", async () => {
    const other = await startTestBroker()
    const env = { MILLRACE_URL: other.url }
    try {
      await cli.read("queue create gone", { env })
      await cli.read("queue send gone hello", { env })
      const child = cli.start("queue receive gone --follow --ack --raw", { env })
      await once(child.stdout!, "data")
      await other.kill9()
      child.kill("SIGINT")
      await once(child, "exit")
      expect(child.exitCode).toBe(130)
    } finally {
      await other.dispose()
    }
  })

  it("a reader that goes away ends it without a word", () => {
    const { code, stdout, stderr } = shell(`seq 20000 | $MILLRACE queue send jobs 2>/dev/null >/dev/null
      $MILLRACE queue peek jobs --max 20000 --json | head -n 1
      exit \${PIPESTATUS[0]}`)
    expect({ code, stderr }).toEqual({ code: 141, stderr: "" })
    expect(objectsOf(stdout)).toHaveLength(1)
    expect(shell("$MILLRACE --help | true")).toMatchObject({ code: 0, stderr: "" })
  })

  it("what nobody read is not acknowledged", async () => {
    await cli.read("queue create unread")
    await cli.read("queue send unread", {
      input: Array.from({ length: 3000 }, (_, at) => `${"x".repeat(100)}${at}\n`).join(""),
    })
    const { code, stderr } = shell(
      "$MILLRACE queue receive unread --max 3000 --wait 30s --ack --raw | head -n 2; exit ${PIPESTATUS[0]}",
    )
    expect({ code, stderr }).toEqual({ code: 141, stderr: "" })
    const { ready, inFlight, acknowledged } = await statistics("unread")
    expect(inFlight).toBe(0)
    expect(Number(ready) + Number(acknowledged)).toBe(3000)
    expect(Number(ready)).toBeGreaterThan(0)
  })
})

describe("a terminal", () => {
  const hasPty = existsSync("/usr/bin/script")
  const onTerminal = (args: string, env = ""): string =>
    shell(`${env} script -qec "$MILLRACE ${args}" /dev/null </dev/null`).stdout.replaceAll("\r", "")

  it.runIf(hasPty)("gets tables with heads, in color unless NO_COLOR says otherwise", async () => {
    await cli.read("queue create shown --ordering fifo")
    const colored = onTerminal("queue list --prefix shown")
    expect(colored).toContain("\u001B[1mQUEUE\u001B[22m")
    expect(colored).toMatch(/\nshown +fifo +- +\d{4}-/)
    expect(onTerminal("queue list --prefix shown", "NO_COLOR=1")).toMatch(
      /^QUEUE +ORDERING +DEAD LETTERS +CREATED\nshown /,
    )
    expect(onTerminal("queue list --prefix shown --no-color")).toMatch(/^QUEUE /)
    expect(onTerminal("queue list --prefix nothing-")).toBe("there are no queues\n")
  })

  it.runIf(hasPty)("shows how far it is with what comes from stdin, and ids of what it was told", () => {
    const piped = (flags: string): string =>
      shell(`script -qec "seq 5000 | $MILLRACE queue send jobs ${flags}" /dev/null </dev/null`).stdout
    const shown = piped("")
    expect(shown).toMatch(/[\d,]+ messages, /)
    expect(shown).toMatch(/sent 5,000 in /)
    expect(shown).not.toContain("-0-")
    expect(piped("--quiet")).toBe("")
    expect(onTerminal("queue send jobs a b c")).toMatch(/^(\S+\n){3}sent 3 in .*\n$/)
  })
})

describe("completion", () => {
  const completed = async (words: string): Promise<string[]> =>
    (await cli.read(`--get-yargs-completions millrace ${words}`, { env: { SHELL: "/bin/bash" } })).trim().split("\n")

  it("is a script that bash takes", () => {
    expect(
      shell("$MILLRACE completion > $HOME/completion.sh && source $HOME/completion.sh && complete -p millrace"),
    ).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("_millrace_yargs_completions millrace") as string,
    })
  })

  it("knows commands, options and their values, and what is at the broker", async () => {
    await cli.read("queue create tabbed-1")
    await cli.read("queue create tabbed-2")
    expect(await completed("queue ''")).toEqual(expect.arrayContaining(["create", "send", "redrive"]))
    expect(await completed("queue send jobs --")).toEqual(expect.arrayContaining(["--ndjson", "--url"]))
    expect(await completed("queue create x --ordering ''")).toEqual(["standard", "fifo"])
    expect(await completed("queue send tabb")).toEqual(expect.arrayContaining(["tabbed-1", "tabbed-2"]))
  })
})

describe("the built file", () => {
  const oldNode = process.env["PATH"]
    ?.split(delimiter)
    .map((folder) => join(folder, "node"))
    .find((path) => existsSync(path) && execFileSync(path, ["--version"], { encoding: "utf8" }).startsWith("v20."))

  it.skipIf(oldNode === undefined)("Node 20 will do", async () => {
    const node = oldNode!
    await cli.read("queue create old", { node })
    await cli.read("queue send old hello", { node })
    expect(await cli.read("queue receive old --wait 30s --ack --raw", { node })).toBe("hello\n")
  })

  it("needs no package beside it", async () => {
    const copy = join(cli.env["HOME"]!, "copied", "dist", "cli", "millrace.js")
    mkdirSync(join(copy, ".."), { recursive: true })
    execFileSync("cp", [BIN, copy])
    writeFileSync(join(cli.env["HOME"]!, "copied", "package.json"), `{ "type": "module", "version": "9.9.9" }`)
    const child = spawnSync(process.execPath, [copy, "--version"], { env: cli.env, encoding: "utf8" })
    expect(child).toMatchObject({ status: 0, stdout: "9.9.9\n", stderr: "" })
  })

  it("start runs a broker, passes the signal on and exits as it does", async () => {
    const child = cli.start("start --port 0 --token secret --data-dir started", { env: { MILLRACE_TOKEN: "" } })
    const lines = createInterface({ input: child.stdout! })
    const [ready] = (await once(lines, "line")) as [string]
    const url = /ready at (\S+)/.exec(ready)?.[1] ?? ""
    expect((await cli.run(`queue list --url ${url} --token secret`)).code).toBe(0)
    expect((await cli.run(`queue list --url ${url} --token wrong`)).code).toBe(3)
    child.kill("SIGTERM")
    await once(child, "exit")
    expect(child.exitCode).toBe(0)
    expect((await cli.run(`queue list --url ${url} --token secret`)).code).toBe(3)
  })

  it("start says why it can't", async () => {
    const { port } = new URL(broker.url)
    const child = cli.start(`start --port ${port} --data-dir other`)
    const stderr = text(child.stderr!)
    await once(child, "exit")
    expect(child.exitCode).toBe(1)
    expect(await stderr).not.toBe("")
  })
})

import { describe, expect, it } from "vitest"
import { parseSeekTarget } from "../../../src/cli/commands/group-seek.ts"
import { parseRetryDelay } from "../../../src/cli/commands/setting-flags.ts"
import { parsePlace } from "../../../src/cli/commands/tail-place.ts"
import { parseRight } from "../../../src/cli/commands/tokens.ts"
import { commandOf, parseCommandLine } from "../../../src/cli/program.ts"

const parse = (line: string) => parseCommandLine(line.split(" ").filter(Boolean), "1.2.3", 100)

/** Every command, as `--help` lists them. */
async function commands(): Promise<string[]> {
  const groups = await Promise.all(
    ["queue", "topic", "group", "token"].map(async (group) => {
      const help = await parse(`${group} --help`)
      const text = help.kind === "print" ? help.text : ""
      return [...text.matchAll(/^ {2}millrace (\w+ \w+)/gm)].map(([, command]) => command ?? "")
    }),
  )
  return ["start", "bench", "doctor", ...groups.flat()]
}

describe("help", () => {
  it("lists what there is", async () => {
    expect(await commands()).toEqual(
      [
        "start, bench, doctor",
        "queue create, queue list, queue get, queue stats, queue send, queue receive, queue peek, queue purge",
        "queue redrive, queue delete",
        "topic create, topic list, topic get, topic stats, topic produce, topic tail, topic delete",
        "group create, group list, group get, group lag, group seek, group delete",
        "token create, token delete",
      ].flatMap((line) => line.split(", ")),
    )
  })

  it("of every command has an example of it", async () => {
    for (const command of await commands()) {
      const help = await parse(`${command} --help`)
      const [, examples = ""] = help.kind === "print" ? help.text.split("Examples:\n") : []
      expect(examples, command).toContain(`millrace ${command}`)
    }
  })

  it("shows a command's own options before those of all commands, and the exit codes", async () => {
    const help = await parse("queue send --help")
    const text = help.kind === "print" ? help.text : ""
    expect(text.indexOf("--ndjson")).toBeLessThan(text.indexOf("--url"))
    expect(await parse("--help")).toMatchObject({ text: expect.stringContaining("Exit codes: 0 done") as string })
  })

  it("the version is that of the package", async () => {
    expect(await parse("--version")).toEqual({ kind: "print", text: "1.2.3" })
  })

  it("completion prints a script", async () => {
    const script = await parse("completion")
    expect(script).toMatchObject({
      kind: "print",
      text: expect.stringContaining("_millrace_yargs_completions") as string,
    })
    expect(await parse("completion --help")).toMatchObject({
      kind: "print",
      text: expect.stringMatching(/^millrace completion\n/) as string,
    })
  })
})

describe("a command line", () => {
  it("is understood, with the options of all commands anywhere in it", async () => {
    const parsed = await parse("--url http://x queue send jobs hello --json --token t -- --dashed")
    expect(parsed).toMatchObject({ kind: "run", flags: { url: "http://x", token: "t", json: true, quiet: false } })
  })

  it.each([
    ["", "a command is missing"],
    ["queue", "a command is missing"],
    ["queue send", "an argument is missing"],
    ["queu list", "there is no such command. Did you mean queue?"],
    ["queue snd", "there is no such command. Did you mean send?"],
    ["queue list --prefxi a", "Unknown argument: prefxi"],
    ["queue list surplus", "Unknown argument: surplus"],
    ["queue send jobs x --delay 5", '"5" is no duration'],
    ["queue send jobs x --delay 5s --delay 6s", "given twice"],
    ["queue send jobs x --delay 5s --at @5", "mutually exclusive"],
    ["queue send jobs a b --dedup once", "--dedup goes with exactly one body"],
    ["queue send jobs a --ndjson", "--ndjson reads stdin"],
    ["queue send jobs a --header nothing", '"nothing" is not name=value'],
    ["queue receive jobs --follow", "--follow goes with --ack"],
    ["queue receive jobs --ack --keep", "--ack and --keep exclude each other"],
    ["queue receive jobs --max 0", "at least 1"],
    ["queue create jobs --ordering lifo", '"lifo" does not go with ordering: say one of "standard", "fifo"'],
    ["queue create jobs --fair=perhaps", "--fair is yes or no"],
    ["queue create jobs --max-deliveries never", "no whole number"],
    ["queue list --url a --url b", "--url was given twice"],
    ["topic produce t v --key-separator :", "read stdin"],
    ["topic produce t --json-body {", "--json-body is no JSON"],
    ["topic tail t --from 5", "an offset belongs to a partition"],
    ["group seek g t", "Missing required argument: to"],
    ["group seek g t --to soon", '"soon" is no place: say earliest, latest, an offset, +10, -10, 1h, or a time'],
    ["topic tail t --from soon", '"soon" is no place: say earliest, latest, an offset, -10, or a time'],
    ["token create --account 123456789012", "say --aws too"],
    ["token create --allow everything", '"everything" is no right'],
    ["start --port 99999", "no port"],
    ["bench exchange", '"exchange" does not go with what: say one of "queue", "topic"'],
    ["completion fish", "Unknown argument: fish"],
  ])("%j is wrong usage: %s", async (line, message) => {
    const parsed = await parse(line)
    expect(parsed).toMatchObject({ kind: "usage", message: expect.stringContaining(message) as string })
  })

  it.each([
    ["queue send jobs --dely 5s", ["queue", "send"]],
    ["--json queue --help", ["queue"]],
    ["bench 5", ["bench"]],
    ["nothing", []],
  ])("%j is about %j", (line, command) => {
    expect(commandOf(line.split(" "))).toEqual(command)
  })
})

describe("values", () => {
  it("of --to", () => {
    const said = ["earliest", "latest", "42", "+5", "-5", "1h30m", "@1767225600000", "2026-01-01"]
    expect(said.map(parseSeekTarget)).toEqual([
      "earliest",
      "latest",
      { offset: 42 },
      { shiftBy: 5 },
      { shiftBy: -5 },
      { durationMs: 5_400_000 },
      { timestamp: 1_767_225_600_000 },
      { timestamp: 1_767_225_600_000 },
    ])
  })

  it("of --from", () => {
    expect(["latest", "42", "-5", "2026-01-01"].map(parsePlace)).toEqual([
      { kind: "latest" },
      { kind: "offset", offset: 42 },
      { kind: "last", count: 5 },
      { kind: "time", timestamp: 1_767_225_600_000 },
    ])
  })

  it("of --allow", () => {
    expect(parseRight("produce:queues/jobs*")).toEqual({ actions: ["produce"], queues: ["jobs*"] })
    expect(parseRight("consume,read:topics/flights,groups/billing,topics/b")).toEqual({
      actions: ["consume", "read"],
      topics: ["flights", "b"],
      groups: ["billing"],
    })
  })

  it.each([
    "",
    "produce",
    "produce:",
    "fly:queues/a",
    "produce:planes/a",
    "produce:queues/",
    "a:b:c",
    "produce:queues/a/b",
  ])("%j is no right", (text) => {
    expect(() => parseRight(text)).toThrow(/is no right/)
  })

  it("of --retry-delay", () => {
    expect(["5s", "linear:1s:1m", "exponential:1s:5m:0.2", "exponential:1s:5m"].map(parseRetryDelay)).toEqual([
      { kind: "constant", delayMs: 5000 },
      { kind: "linear", stepMs: 1000, maxMs: 60_000 },
      { kind: "exponential", baseMs: 1000, maxMs: 300_000, jitter: 0.2 },
      { kind: "exponential", baseMs: 1000, maxMs: 300_000, jitter: 0 },
    ])
  })

  it.each(["", "often", "5s:6s", "linear:1s", "exponential:1s:5m:2", "exponential:1s:5m:0.1:1"])(
    "%j is no retry delay",
    (text) => {
      expect(() => parseRetryDelay(text)).toThrow(/is no/)
    },
  )
})

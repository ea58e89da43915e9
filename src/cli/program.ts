import yargs, { type Argv } from "yargs"
import { bench } from "./commands/bench.ts"
import type { Choose, Command, GlobalFlags, Run } from "./command.ts"
import { doctor } from "./commands/doctor.ts"
import { EXIT_CODES_HELP } from "./exit-codes.ts"
import { UsageError } from "./failures.ts"
import { groupCommands } from "./commands/groups.ts"
import { queueCommands } from "./commands/queues.ts"
import { start } from "./commands/start.ts"
import { tokenCommands } from "./commands/tokens.ts"
import { topicCommands } from "./commands/topics.ts"

/** What a command line asks for. */
export type Parsed =
  | { readonly kind: "run"; readonly run: Run; readonly flags: GlobalFlags }
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "usage"; readonly message: string }

const NO_FLAGS: GlobalFlags = {
  url: undefined,
  token: undefined,
  profile: undefined,
  json: false,
  color: undefined,
  quiet: false,
}

const COMMANDS: readonly Command[] = [start, queueCommands, topicCommands, groupCommands, tokenCommands, bench, doctor]
const GROUPS = ["queue", "topic", "group", "token"]
const SINGLE = ["start", "bench", "doctor"]
const COMPLETION_FLAG = "--get-yargs-completions"
const COMPLETION_HELP = `millrace completion

Print a script that completes commands, options and names in bash or zsh, whichever runs (SHELL)

Examples:
  millrace completion >> ~/.bashrc
  millrace completion >> ~/.zshrc`
/** yargs prints its script and, as the process does not exit, goes on to complain about the command. */
const COMPLETION_SCRIPT = /^[^]*###-end-millrace-completions-###\n/

/** Reads a command line without doing anything. `columns` is how wide help may be. */
export async function parseCommandLine(words: readonly string[], version: string, columns: number): Promise<Parsed> {
  let run: Run | null = null
  let flags = NO_FLAGS
  let outcome: { readonly error: Error | null; readonly text: string } = { error: null, text: "" }
  const parser = program((chosen) => (run = chosen), words, version, columns)
  try {
    const read = await parser.parseAsync([...words], {}, (error, _read, text) => {
      outcome = { error: error ?? null, text }
    })
    flags = { ...NO_FLAGS, ...(read as unknown as GlobalFlags) }
  } catch (error) {
    outcome = { error: error as Error, text: "" }
  }
  const [script] = COMPLETION_SCRIPT.exec(outcome.text) ?? []
  if (script !== undefined) return completion(words, script)
  if (outcome.error !== null) return { kind: "usage", message: worded(outcome.text || outcome.error.message) }
  if (outcome.text !== "") return { kind: "print", text: inOrder(outcome.text) }
  if (run !== null) return { kind: "run", run, flags }
  return { kind: "usage", message: "a command is missing" }
}

/** The words of a command line that name the command, as far as they can be told without reading it. */
export function commandOf(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => GROUPS.includes(word))
  if (at < 0) return words.filter((word) => SINGLE.includes(word)).slice(0, 1)
  const next = words[at + 1]
  return next === undefined || next.startsWith("-") ? words.slice(at, at + 1) : words.slice(at, at + 2)
}

/** Prints what could come next on a command line, a word a line; false where it is no shell that asks. */
export async function printCompletions(words: readonly string[]): Promise<boolean> {
  if (!words.includes(COMPLETION_FLAG)) return false
  // here yargs prints by itself, and reads the words that it was made with
  await program(() => {}, words, "", 0).parseAsync()
  return true
}

function program(choose: Choose, words: readonly string[], version: string, columns: number): Argv<GlobalFlags> {
  const base = withGlobalFlags(yargs([...words]) as Argv<object>)
    .scriptName("millrace")
    .locale("en")
    .usage("$0 <command>\n\nMessage queues and event streams: talks to a Millrace broker.")
    .version(version)
    .help()
    .alias("help", "h")
    .group(["help", "version"], "Output:")
    .completion("completion", "Print a script that completes commands in bash or zsh")
    .strict()
    .recommendCommands()
    .showHelpOnFail(false)
    .exitProcess(false)
    .wrap(columns)
    .parserConfiguration({ "parse-numbers": false, "parse-positional-numbers": false, "greedy-arrays": false })
    .check((flags, options) => saidWell(words, flags, options as unknown as DeclaredOptions), true)
    .example("$0 queue send jobs hello", "Send a message")
    .example("$0 queue receive jobs --ack", "Take one")
    .example("$0 topic tail flights --follow", "Read records as they come")
    .epilogue(EXIT_CODES_HELP)
  return COMMANDS.reduce<Argv<GlobalFlags>>((built, add) => add(built, choose), base)
}

/** The parts of what yargs knows of the options that are looked at. */
interface DeclaredOptions {
  readonly array: readonly string[]
  readonly boolean: readonly string[]
  /** All of them by their names. */
  readonly key: Readonly<Record<string, unknown>>
}

/** What yargs takes without a word: an option said twice, and `--quiet=perhaps`. Throws a UsageError. */
function saidWell(
  words: readonly string[],
  flags: Readonly<Record<string, unknown>>,
  options: DeclaredOptions,
): boolean {
  for (const name of Object.keys(options.key)) {
    const isSaidTwice = Array.isArray(flags[name]) && !options.array.includes(name)
    if (isSaidTwice) throw new UsageError(`--${name} was given twice`)
  }
  for (const word of words) {
    const [, name, value = ""] = /^--(?:no-)?([^=]+)=(.*)$/.exec(word) ?? []
    const isOdd = name !== undefined && options.boolean.includes(name) && !["true", "false"].includes(value)
    if (isOdd) throw new UsageError(`--${name} is yes or no: say --${name} or --no-${name}`)
  }
  return true
}

/** yargs prints its script whatever else is said. */
function completion(words: readonly string[], script: string): Parsed {
  if (words.includes("--help") || words.includes("-h")) return { kind: "print", text: COMPLETION_HELP }
  const surplus = words.slice(words.indexOf("completion") + 1).find((word) => !word.startsWith("-"))
  if (surplus !== undefined) return { kind: "usage", message: `Unknown argument: ${surplus}` }
  return { kind: "print", text: script }
}

function worded(message: string): string {
  if (message.startsWith("Not enough non-option arguments")) return "an argument is missing"
  if (message.startsWith("Did you mean ")) return `there is no such command. ${message}`
  const [, name, given, choices] =
    /^Invalid values:\s+Argument: (\S+), Given: (.+), Choices: (.+)$/.exec(message.trim()) ?? []
  return name === undefined ? message : `${given} does not go with ${name}: say one of ${choices}`
}

/** Help with a command's own options before those that all commands have. */
function inOrder(help: string): string {
  const sections = help.split("\n\n")
  const isCommon = (section: string): boolean => /^(Connection|Output):/.test(section)
  const own = sections.findIndex((section) => section.startsWith("Options:"))
  if (own < 0) return help
  const common = sections.filter(isCommon)
  return [
    ...sections.slice(0, own + 1).filter((section) => !isCommon(section)),
    ...common,
    ...sections.slice(own + 1),
  ].join("\n\n")
}

function withGlobalFlags(parser: Argv<object>): Argv<GlobalFlags> {
  return parser
    .option("url", { type: "string", group: "Connection:", describe: "The broker [MILLRACE_URL]" })
    .option("token", { type: "string", group: "Connection:", describe: "Its token [MILLRACE_TOKEN]" })
    .option("profile", {
      type: "string",
      group: "Connection:",
      describe: "A profile's url and token [MILLRACE_PROFILE]",
    })
    .option("json", { type: "boolean", default: false, group: "Output:", describe: "NDJSON, and errors as JSON" })
    .option("quiet", { type: "boolean", default: false, group: "Output:", describe: "Only results and errors" })
    .option("color", {
      type: "boolean",
      group: "Output:",
      describe: "Colors, or --no-color",
    })
}

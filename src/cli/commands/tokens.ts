import type { Right } from "../../client/index.ts"
import { type Command, given, group, once } from "../command.ts"
import { UsageError } from "../failures.ts"
import { formatInstant, parseDurationMs } from "../units.ts"
import { orNone } from "./setting-flags.ts"

const ACTIONS = ["read", "produce", "consume", "manage"] as const
const KINDS = ["queues", "topics", "groups"] as const

const tokenCreate: Command = (yargs, choose) =>
  yargs.command(
    "create",
    "Make a token with rights and an end; needs the broker's own token",
    (y) =>
      y
        .option("for", { coerce: once(orNone(parseDurationMs)), describe: "How long it is good, such as 1h; or none" })
        .option("allow", {
          type: "string",
          array: true,
          default: [],
          describe: "Such as produce:queues/jobs* or consume,read:topics/flights,groups/billing; unless told, all",
        })
        .option("subject", { coerce: once(String), describe: "Who has it, for the broker's logs" })
        .option("namespace", { coerce: once(String), describe: "Whose queues and topics; default unless told" })
        .example("$0 token create --for 1h", "May do everything but make tokens, for an hour")
        .example("$0 token create --for 30d --allow produce:queues/mail-*", "May send to some queues")
        .example("$0 token create --allow consume,read:topics/flights,groups/billing", "May consume as a group")
        .example("export MILLRACE_TOKEN=$($0 token create --for 1h)", "For this shell"),
    (flags) => {
      const rights = flags.allow.map((text) => parseRight(text))
      choose(async ({ admin, output }) => {
        const made = await admin().tokens.create(
          given({
            expiresInMs: flags.for,
            subject: flags.subject,
            namespace: flags.namespace,
            rights: rights.length === 0 ? undefined : rights,
          }),
        )
        // nothing but the token, so that $(…) is the token
        await output.text(output.json ? `${JSON.stringify(made)}\n` : `${made.token}\n`)
        const end = made.expiresAt === null ? "it has no end" : `good until ${formatInstant(made.expiresAt)}`
        output.note(`${end}; it can't be taken back before`)
      })
    },
  )

/** `millrace token …`. */
export const tokenCommands = group("token", "Tokens", [tokenCreate])

/** `action[,action]:kind/pattern[,kind/pattern]`; throws a UsageError for anything else. */
export function parseRight(text: string): Right {
  const [before = "", behind, ...more] = text.split(":")
  if (behind === undefined || more.length > 0) throw rightError(text)
  const actions = before.split(",").map((action) => ACTIONS.find((known) => known === action) ?? unknown(text))
  const places = behind.split(",").map((place) => {
    const [kind, pattern, ...rest] = place.split("/")
    if (!pattern || rest.length > 0) throw rightError(text)
    return { kind: KINDS.find((known) => known === kind) ?? unknown(text), pattern }
  })
  const patternsOf = (kind: (typeof KINDS)[number]): readonly string[] | undefined => {
    const patterns = places.filter((place) => place.kind === kind).map(({ pattern }) => pattern)
    return patterns.length === 0 ? undefined : patterns
  }
  const named = given({ queues: patternsOf("queues"), topics: patternsOf("topics"), groups: patternsOf("groups") })
  return { actions, ...named }
}

function unknown(text: string): never {
  throw rightError(text)
}

function rightError(text: string): UsageError {
  return new UsageError(
    `${JSON.stringify(text)} is no right: say ${ACTIONS.join("|")}, a colon, and ${KINDS.join("|")}/<name or pattern>`,
  )
}

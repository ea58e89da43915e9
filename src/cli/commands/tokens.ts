import type { AccessKeyRequest, Right, TokenRequest } from "../../client/index.ts"
import { type Command, given, group, once } from "../command.ts"
import type { Context } from "../context.ts"
import { UsageError } from "../failures.ts"
import { formatInstant, parseDurationMs } from "../units.ts"
import { orNone } from "./setting-flags.ts"

const ACTIONS = ["read", "produce", "consume", "manage"] as const
const KINDS = ["queues", "topics", "groups"] as const

const tokenCreate: Command = (yargs, choose) =>
  yargs.command(
    "create",
    "Make a token or access key with rights and an end; needs the broker's own token",
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
        .option("aws", { type: "boolean", default: false, describe: "An access key, for clients of AWS" })
        .option("account", { coerce: once(String), describe: "Twelve digits, for policies of queues" })
        .example("$0 token create --for 1h", "May do everything but make tokens, for an hour")
        .example("$0 token create --for 30d --allow produce:queues/mail-*", "May send to some queues")
        .example("$0 token create --allow consume,read:topics/flights,groups/billing", "May consume as a group")
        .example("export MILLRACE_TOKEN=$($0 token create --for 1h)", "For this shell")
        .example("export $($0 token create --aws --for none)", "For this shell's clients of AWS"),
    (flags) => {
      const rights = flags.allow.map((text) => parseRight(text))
      const request = given({
        expiresInMs: flags.for,
        subject: flags.subject,
        namespace: flags.namespace,
        rights: rights.length === 0 ? undefined : rights,
      })
      const accountId = flags.account
      if (accountId !== undefined && !flags.aws) throw new UsageError("--account is of an access key: say --aws too")
      choose((context) =>
        flags.aws ? makeAccessKey(context, { ...request, ...given({ accountId }) }) : makeToken(context, request),
      )
    },
  )

const tokenDelete: Command = (yargs, choose) =>
  yargs.command(
    "delete <accessKeyId>",
    "Take an access key back; needs the broker's own token",
    (y) =>
      y
        .positional("accessKeyId", { type: "string", demandOption: true, describe: "Its id" })
        .example("$0 token delete MRAKZUKFTH7GKIGMY35P", "Good no more: everywhere within half a minute"),
    (flags) =>
      choose(async ({ admin, output }) => {
        await admin().tokens.deleteAccessKey(flags.accessKeyId)
        output.note(`${flags.accessKeyId} is good no more: everywhere within half a minute`)
      }),
  )

async function makeToken({ admin, output }: Context, request: TokenRequest): Promise<void> {
  const made = await admin().tokens.create(request)
  // nothing but the token, so that $(…) is the token
  await output.text(output.json ? `${JSON.stringify(made)}\n` : `${made.token}\n`)
  output.note(`${endOf(made)}; it can't be taken back before`)
}

async function makeAccessKey({ admin, output }: Context, request: AccessKeyRequest): Promise<void> {
  const made = await admin().tokens.createAccessKey(request)
  // as a shell and every client of AWS take them
  const variables = `AWS_ACCESS_KEY_ID=${made.accessKeyId}\nAWS_SECRET_ACCESS_KEY=${made.secretAccessKey}\n`
  await output.text(output.json ? `${JSON.stringify(made)}\n` : variables)
  output.note(`${endOf(made)}; the secret can't be shown again`)
}

function endOf({ expiresAt }: { readonly expiresAt: number | null }): string {
  return expiresAt === null ? "it has no end" : `good until ${formatInstant(expiresAt)}`
}

/** `millrace token …`. */
export const tokenCommands = group("token", "Tokens and access keys", [tokenCreate, tokenDelete])

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

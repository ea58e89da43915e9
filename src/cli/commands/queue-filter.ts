import type { MessageFilter } from "../../client/index.ts"
import type { Argv } from "yargs"
import { given, once } from "../command.ts"
import { UsageError } from "../failures.ts"
import { parseInstantAt } from "../units.ts"

const REASONS = ["max_deliveries", "rejected", "expired", "overflow"] as const

interface FilterFlags {
  readonly reason: MessageFilter["reason"] | undefined
  readonly header: string | undefined
  readonly group: string | undefined
  readonly sentAfter: number | undefined
  readonly sentBefore: number | undefined
}

/** Adds the options that choose messages. */
export function filterFlags<T>(yargs: Argv<T>) {
  return yargs
    .option("reason", { choices: REASONS, describe: "Why they are dead letters" })
    .option("header", { coerce: once(String), describe: "name=value that they have" })
    .option("group", { coerce: once(String), describe: "Their message group" })
    .option("sent-after", { coerce: once(parseInstantAt), describe: "Sent at this time or later" })
    .option("sent-before", { coerce: once(parseInstantAt), describe: "Sent before this time" })
}

/** The filter of a command line, empty where it has none; throws a UsageError. */
export function filterOf({ reason, header, group, sentAfter, sentBefore }: FilterFlags): MessageFilter {
  return given({
    reason,
    header: header === undefined ? undefined : headerOf(header),
    groupId: group,
    sentAfter,
    sentBefore,
  })
}

function headerOf(text: string): { name: string; value: string } {
  const at = text.indexOf("=")
  if (at < 1) throw new UsageError(`${JSON.stringify(text)} is not name=value`)
  return { name: text.slice(0, at), value: text.slice(at + 1) }
}

import { type Command, given, once } from "../command.ts"
import type { Row } from "../output.ts"
import type { Column } from "../table.ts"
import { formatInstant } from "../units.ts"
import { groupSettingPairs } from "./group-view.ts"
import { collected, everything } from "./paging.ts"
import { confirmed } from "./queue-purge.ts"
import { atLeastOne } from "./setting-flags.ts"

const COLUMNS: readonly Column[] = [{ head: "GROUP" }, { head: "TYPE" }, { head: "ASSIGNOR" }, { head: "CREATED" }]
const MEMBER_COLUMNS: readonly Column[] = [
  { head: "MEMBER" },
  { head: "INSTANCE" },
  { head: "LAST HEARTBEAT" },
  { head: "PARTITIONS" },
]

/** `group list`. */
export const groupList: Command = (yargs, choose) =>
  yargs.command(
    ["list", "ls"],
    "List groups",
    (y) =>
      y
        .option("prefix", { type: "string", describe: "Only names that begin so" })
        .option("limit", { coerce: once(atLeastOne), describe: "At most so many" })
        .example("$0 group list", "All groups"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const groups = everything(async (query) => {
          const page = await admin().groups.list({ ...query, ...given({ prefix: flags.prefix }) })
          return { items: page.groups, cursor: page.cursor }
        }, flags.limit)
        const rows = (await collected(groups)).map((group): Row => {
          const { type, assignor } = group.settings
          return { cells: [group.name, type, assignor, formatInstant(group.createdAt)], value: group }
        })
        await output.table(COLUMNS, rows, "there are no groups")
      }),
  )

/** `group get`: settings, or members. */
export const groupGet: Command = (yargs, choose) =>
  yargs.command(
    "get <group>",
    "Show a group's settings, or its members",
    (y) =>
      y
        .positional("group", { type: "string", demandOption: true, describe: "Its name" })
        .option("members", { type: "boolean", default: false, describe: "Who is in it, and what each has" })
        .example("$0 group get billing", "Settings and state")
        .example("$0 group get billing --members", "A row for each member"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const group = await admin().groups.get(flags.group)
        if (!flags.members) {
          const { state, epoch, members } = group
          const pairs = [
            ...groupSettingPairs(group),
            ["state", state],
            ["epoch", epoch],
            ["members", members.length],
          ] as const
          return output.pairs(pairs, group)
        }
        const rows = group.members.map((member): Row => {
          const partitions = member.partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(" ")
          const heard = formatInstant(member.lastHeartbeatAt)
          return { cells: [member.memberId, member.instanceId, heard, partitions || null], value: member }
        })
        await output.table(MEMBER_COLUMNS, rows, "nobody is in it")
      }),
  )

/** `group delete`: with its offsets. */
export const groupDelete: Command = (yargs, choose) =>
  yargs.command(
    ["delete <group>", "rm"],
    "Delete a group and its offsets",
    (y) =>
      y
        .positional("group", { type: "string", demandOption: true, describe: "Its name" })
        .option("yes", { type: "boolean", alias: "y", default: false, describe: "Don't ask" })
        .example("$0 group delete billing --yes", "Gone, with its offsets"),
    (flags) =>
      choose(async (context) => {
        await confirmed(context, flags.yes, `Delete the group ${flags.group} and its offsets for good?`)
        await context.admin().groups.delete(flags.group)
        context.output.note(`${flags.group} is gone`)
      }),
  )

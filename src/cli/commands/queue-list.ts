import { type Command, given, once } from "../command.ts"
import type { Row } from "../output.ts"
import type { Column } from "../table.ts"
import { formatInstant } from "../units.ts"
import { collected, everything } from "./paging.ts"
import { atLeastOne } from "./setting-flags.ts"

const COLUMNS: readonly Column[] = [
  { head: "QUEUE" },
  { head: "ORDERING" },
  { head: "DEAD LETTERS" },
  { head: "CREATED" },
]

const COUNTED: readonly Column[] = [
  { head: "QUEUE" },
  { head: "READY", align: "right" },
  { head: "IN FLIGHT", align: "right" },
  { head: "DELAYED", align: "right" },
  { head: "SCHEDULED", align: "right" },
]

/** How many queues are asked for their statistics at a time. */
const AT_ONCE = 8

/** `queue list`. */
export const queueList: Command = (yargs, choose) =>
  yargs.command(
    ["list", "ls"],
    "List queues",
    (y) =>
      y
        .option("prefix", { type: "string", describe: "Only names that begin so" })
        .option("limit", { coerce: once(atLeastOne), describe: "At most so many" })
        .option("stats", { type: "boolean", default: false, describe: "With what they hold; asks every queue" })
        .example("$0 queue list", "All queues")
        .example("$0 queue list --prefix mail- --stats", "What those of one kind hold")
        .example("$0 queue list --json | jq -r .name", "Names for a script"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const { queues } = admin()
        const listed = everything(async (query) => {
          const page = await queues.list({ ...query, ...given({ prefix: flags.prefix }) })
          return { items: page.queues, cursor: page.cursor }
        }, flags.limit)
        if (!flags.stats) {
          const rows = (await collected(listed)).map((queue): Row => {
            const { ordering, deadLetterQueue } = queue.settings
            return { cells: [queue.name, ordering, deadLetterQueue, formatInstant(queue.createdAt)], value: queue }
          })
          return output.table(COLUMNS, rows, "there are no queues")
        }
        const names = (await collected(listed)).map(({ name }) => name)
        const rows = await inTurns(names, async (name): Promise<Row> => {
          const queue = await queues.get(name)
          const { ready, inFlight, delayed, scheduled } = queue.statistics
          return { cells: [name, ready, inFlight, delayed, scheduled], value: queue }
        })
        await output.table(COUNTED, rows, "there are no queues")
      }),
  )

async function inTurns<T, U>(items: readonly T[], call: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = []
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(call))))
  }
  return results
}

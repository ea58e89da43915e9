import type { BrowsedMessage } from "../../client/index.ts"
import { type Command, once } from "../command.ts"
import type { Row } from "../output.ts"
import { cellOf, type Shown } from "../payload.ts"
import type { Column } from "../table.ts"
import { formatInstant } from "../units.ts"
import { filterFlags, filterOf } from "./queue-filter.ts"
import { collected, everything } from "./paging.ts"
import { atLeastOne } from "./setting-flags.ts"

const COLUMNS: readonly Column[] = [
  { head: "ID" },
  { head: "STATE" },
  { head: "SENT" },
  { head: "DELIVERIES", align: "right" },
  { head: "GROUP" },
  { head: "BODY", isCut: true },
]

const DEFAULT_MAX = 20

/** `queue peek`: a look that changes nothing. */
export const queuePeek: Command = (yargs, choose) =>
  yargs.command(
    ["peek <queue>", "browse"],
    "Look at messages without taking them",
    (y) =>
      filterFlags(y.positional("queue", { type: "string", demandOption: true, describe: "Its name" }))
        .option("state", {
          choices: ["ready", "in_flight", "delayed", "scheduled"] as const,
          default: "ready" as const,
          describe: "Which ones",
        })
        .option("max", { coerce: once(atLeastOne), describe: `At most so many; ${DEFAULT_MAX} unless told otherwise` })
        .example("$0 queue peek jobs", "The oldest that are ready")
        .example("$0 queue peek failed --reason max_deliveries --json", "Dead letters, as NDJSON")
        .example("$0 queue peek jobs --state scheduled --max 100", "What comes later"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const filter = filterOf(flags)
        const messages = everything(async (query) => {
          const page = await admin().queues.browse(flags.queue, { ...filter, ...query, state: flags.state })
          return { items: page.messages, cursor: page.cursor }
        }, flags.max ?? DEFAULT_MAX)
        await output.table(COLUMNS, (await collected(messages)).map(rowOf), `no message is ${flags.state}`)
      }),
  )

function rowOf(message: BrowsedMessage): Row {
  const { id, state, sentAt, deliveryCount, groupId = null } = message
  return { cells: [id, state, formatInstant(sentAt), deliveryCount, groupId, cellOf(message as Shown)], value: message }
}

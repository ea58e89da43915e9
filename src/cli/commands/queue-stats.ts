import { setTimeout as sleep } from "node:timers/promises"
import { type Command, once } from "../command.ts"
import type { Context } from "../context.ts"
import { parseDurationMs } from "../units.ts"
import { queueSettingPairs, queueStatisticPairs } from "./queue-view.ts"

const MIN_WATCH_MS = 100

/** `queue stats`: what a queue holds. */
export const queueStats: Command = (yargs, choose) =>
  yargs.command(
    "stats <queue>",
    "What a queue holds, and what happened to its messages",
    (y) =>
      y
        .positional("queue", { type: "string", demandOption: true, describe: "Its name" })
        .option("watch", { coerce: once(parseDurationMs), describe: "Again and again, such as every 2s" })
        .example("$0 queue stats jobs", "Counts and rates")
        .example("$0 queue stats jobs --watch 2s", "Until Ctrl-C")
        .example("$0 queue stats jobs --json | jq .ready", "One number for a script"),
    (flags) =>
      choose(async (context) => {
        await showStatistics(context, flags.queue)
        while (flags.watch !== undefined) {
          await sleep(Math.max(flags.watch, MIN_WATCH_MS), null, { signal: context.signal })
          if (context.output.terminal.isTty && !context.output.json) await context.output.text("\n")
          await showStatistics(context, flags.queue)
        }
      }),
  )

/** `queue get`: its settings too. */
export const queueGet: Command = (yargs, choose) =>
  yargs.command(
    "get <queue>",
    "Show a queue's settings",
    (y) =>
      y
        .positional("queue", { type: "string", demandOption: true, describe: "Its name" })
        .example("$0 queue get jobs", "Settings of jobs"),
    (flags) =>
      choose(async ({ admin, output }) => {
        const queue = await admin().queues.get(flags.queue)
        await output.pairs(queueSettingPairs(queue), queue)
      }),
  )

async function showStatistics({ admin, output }: Context, name: string): Promise<void> {
  const { statistics } = await admin().queues.get(name)
  await output.pairs(queueStatisticPairs(statistics, Date.now()), statistics)
}

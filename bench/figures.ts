import type { Figure } from "./figure.ts"
import { backlog } from "./figures/backlog.ts"
import { batches } from "./figures/batches.ts"
import { fair } from "./figures/fair.ts"
import { groups } from "./figures/groups.ts"
import { idle } from "./figures/idle.ts"
import { poison } from "./figures/poison.ts"
import { reads } from "./figures/reads.ts"
import { rebalance } from "./figures/rebalance.ts"
import { schedule } from "./figures/schedule.ts"
import { singles } from "./figures/singles.ts"
import { sdk } from "./figures/sdk.ts"
import { sockets } from "./figures/sockets.ts"
import { sqs } from "./figures/sqs.ts"
import type { Generator } from "./load/generator.ts"

/** How long and how large a run is. */
export interface Scale {
  readonly rounds: number
  readonly roundMs: number
  readonly warmUpMs: number
  /** Messages; whole thousands. */
  readonly backlog: number
  readonly poisonBacklog: number
  readonly poisonSlices: number
  /** Ten for each group. */
  readonly groupedMessages: number
  /** Of one group, in front of the others. */
  readonly blockedMessages: number
  readonly scheduledMessages: number
  /** Of stored records. */
  readonly readBytes: number
  /** Messages of one round of pushing; whole thousands. */
  readonly pushed: number
  /** Requests of one step of one turn through the SQS API. */
  readonly sqsRequests: number
}

/** What the figures are about. */
export const FULL: Scale = {
  rounds: 7,
  roundMs: 3_000,
  warmUpMs: 3_000,
  backlog: 1_000_000,
  poisonBacklog: 500_000,
  poisonSlices: 10,
  groupedMessages: 1_000_000,
  blockedMessages: 100_000,
  scheduledMessages: 1_000_000,
  readBytes: 100_000_000,
  pushed: 200_000,
  sqsRequests: 400,
}

/** A look in between: the same, shorter and smaller. */
export const QUICK: Scale = {
  rounds: 3,
  roundMs: 1_000,
  warmUpMs: 1_000,
  backlog: 100_000,
  poisonBacklog: 50_000,
  poisonSlices: 5,
  groupedMessages: 100_000,
  blockedMessages: 20_000,
  scheduledMessages: 100_000,
  readBytes: 25_000_000,
  pushed: 50_000,
  sqsRequests: 240,
}

/** Groups of figures by the name that selects them. */
export const GROUPS: Readonly<Record<string, (generator: Generator, scale: Scale) => Promise<Figure[]>>> = {
  singles,
  batches,
  backlog,
  poison,
  groups,
  schedule,
  reads,
  rebalance,
  sockets,
  sdk,
  fair,
  idle,
  sqs,
}

import { PartitionObject as Partition } from "../../src/objects/partition-object.ts"
import { QueueObject as Queue } from "../../src/objects/queue-object.ts"
import type { ObjectEnv } from "../../src/objects/env.ts"
import type { Cost } from "../../src/store/durable-database.ts"

/** Alarms in a row, at most. */
const MAX_ALARMS = 1_000

/** An object that says what its storage has cost since it was loaded; an armed alarm counts as a row. */
export interface Metered {
  cost(): Promise<Cost>
  /** Commits that wrote something since the object was loaded. */
  commitCount(): Promise<number>
}

/** An object whose alarms come when its clock says so, as under a stopped one the runtime's would not. */
export interface Awakened {
  /** Runs alarms until none is due. */
  wake(): Promise<void>
}

let queueLoads = 0

/** How often a queue was built in this process: once for each, and anew after each time that it was evicted. */
export function loadsOfQueues(): number {
  return queueLoads
}

/** The broker's queue, with its meter in reach. */
export class QueueObject extends Queue implements Metered, Awakened {
  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env)
    queueLoads++
  }

  async wake(): Promise<void> {
    for (let alarms = 0; alarms < MAX_ALARMS; alarms++) {
      const at = await this.ctx.storage.getAlarm()
      if (at === null || at > Date.now()) return
      await this.ctx.storage.deleteAlarm()
      await this.alarm()
    }
    throw new Error("the alarm is due again and again")
  }

  async cost(): Promise<Cost> {
    return { ...this.database.cost }
  }

  async commitCount(): Promise<number> {
    return this.commits
  }
}

/** The broker's partition, with its meter in reach. */
export class PartitionObject extends Partition implements Metered {
  async cost(): Promise<Cost> {
    return { ...this.database.cost }
  }

  async commitCount(): Promise<number> {
    return this.commits
  }
}

import { PartitionObject as Partition } from "../../src/objects/partition-object.ts"
import { QueueObject as Queue } from "../../src/objects/queue-object.ts"
import type { Cost } from "../../src/store/durable-database.ts"

/** An object that says what its storage has cost since it was loaded; an armed alarm counts as a row. */
export interface Metered {
  cost(): Promise<Cost>
  /** Commits that wrote something since the object was loaded. */
  commitCount(): Promise<number>
}

/** The broker's queue, with its meter in reach. */
export class QueueObject extends Queue implements Metered {
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

import type { Identity } from "./batch.ts"
import type { Connection } from "./connection.ts"

/** Asks the broker for an id to publish under; of a `name` the next epoch, which fences the one before it. */
export async function openProducer(connection: Pick<Connection, "call">, name?: string): Promise<Identity> {
  const answer = await connection.call({ type: "open-producer", ...(name !== undefined && { name }) })
  return { producerId: answer["producerId"] as number, epoch: answer["epoch"] as number }
}

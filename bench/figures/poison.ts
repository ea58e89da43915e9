import { type Figure, median } from "../figure.ts"
import type { Scale } from "../figures.ts"
import type { Generator } from "../load/generator.ts"
import { POISON } from "../load/jobs.ts"
import { CONNECTIONS, DRAIN_BATCH, fill } from "./backlog.ts"
import { createQueue, messageBody, NO_LIMIT, postJob } from "./requests.ts"
import { withStartedBroker } from "./started-broker.ts"

/** Drains two queues in alternating slices; one has a message in front that fails again and again. */
export async function poison(generator: Generator, scale: Scale): Promise<Figure[]> {
  return withStartedBroker(async (broker) => {
    const { url, token } = broker
    const drainMs = async (queue: string, messages: number): Promise<number> => {
      const load = { connections: CONNECTIONS, batch: DRAIN_BATCH, messages }
      const done = await generator.run({ kind: "drain", url, token, queue, ...load })
      return done.durationMs / done.messages
    }
    for (const queue of ["plain", "poisoned"]) await createQueue(broker, queue)
    const once = { connections: 1, until: { requests: 1, durationMs: NO_LIMIT } }
    const body = JSON.stringify({ body: messageBody(POISON) })
    await generator.run(postJob({ url, token }, "/v1/queues/poisoned/messages", body, once))
    for (const queue of ["plain", "poisoned"]) await fill(generator, broker, queue, scale.poisonBacklog)
    const ratios: number[] = []
    // the last slice stays: concurrent receives take a little more than a slice
    for (let slice = 0; slice < scale.poisonSlices - 1; slice++) {
      const messages = scale.poisonBacklog / scale.poisonSlices
      const plainMs = await drainMs("plain", messages)
      ratios.push((await drainMs("poisoned", messages)) / plainMs)
    }
    const name = "poison message in front: time of the rest against none"
    return [{ name, value: median(ratios), unit: "x", target: { atMost: 1.2 }, rounds: ratios }]
  })
}

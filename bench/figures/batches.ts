import { TOKEN, withBenchWorker } from "../bench-worker.ts"
import { type Figure, median } from "../figure.ts"
import type { Scale } from "../figures.ts"
import type { Generator } from "../load/generator.ts"
import type { Target } from "../load/jobs.ts"
import { NO_LIMIT, batchBody, createQueue, postJob } from "./requests.ts"
import { withStartedBroker } from "./started-broker.ts"

const CONNECTIONS = 16
const BATCH = 100

/** Batches of 100 messages on `npm start` against an object that stores each request's body as one row. */
export async function batches(generator: Generator, scale: Scale): Promise<Figure[]> {
  return withStartedBroker(({ url, token }) =>
    withBenchWorker(async (peer) => {
      const broker = { url, token }
      const bare = { url: peer.url, token: TOKEN }
      await createQueue(broker, "batches")
      const body = batchBody(BATCH)
      const perSecond = async (target: Target, path: string, durationMs: number): Promise<number> => {
        const load = { connections: CONNECTIONS, until: { requests: NO_LIMIT, durationMs } }
        const done = await generator.run(postJob(target, path, body, load))
        return done.requests / (done.durationMs / 1000)
      }
      const sendBatches = (durationMs: number) => perSecond(broker, "/v1/queues/batches/messages", durationMs)
      const writeBare = (durationMs: number) => perSecond(bare, "/bench/bare", durationMs)
      await sendBatches(scale.warmUpMs)
      await writeBare(scale.warmUpMs)
      const [sends, writes]: [number[], number[]] = [[], []]
      for (let round = 0; round < scale.rounds; round++) {
        sends.push(await sendBatches(scale.roundMs))
        writes.push(await writeBare(scale.roundMs))
      }
      const ratios = sends.map((rate, round) => rate / writes[round]!)
      return [
        { name: "batches of 100 x 256 B", value: median(sends), unit: "batches/s", target: null, rounds: sends },
        {
          name: "the same bytes, one row a call",
          value: median(writes),
          unit: "calls/s",
          target: null,
          rounds: writes,
        },
        {
          name: "batches of 100: rate against the bare object",
          value: median(ratios),
          unit: "x",
          target: { atLeast: 0.9 },
          rounds: ratios,
        },
      ]
    }),
  )
}

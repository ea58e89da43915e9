import { TOKEN, withBenchWorker } from "../bench-worker.ts"
import { type Figure, median } from "../figure.ts"
import type { Scale } from "../figures.ts"
import type { Generator } from "../load/generator.ts"
import { NO_LIMIT, createQueue, messageBody, postJob } from "./requests.ts"

const CONNECTIONS = 64

/** 64 concurrent single sends against the same route with a no-op object behind it, and against a bare call of one. */
export async function singles(generator: Generator, scale: Scale): Promise<Figure[]> {
  return withBenchWorker(async ({ url }) => {
    const target = { url, token: TOKEN }
    for (const queue of ["singles", "noop"]) await createQueue(target, queue)
    const body = JSON.stringify({ body: messageBody() })
    const perSecond = async (path: string, durationMs: number): Promise<number> => {
      const load = { connections: CONNECTIONS, until: { requests: NO_LIMIT, durationMs } }
      const done = await generator.run(postJob(target, path, body, load))
      sent += path === paths.send ? done.requests : 0
      return done.requests / (done.durationMs / 1000)
    }
    let sent = 0
    const paths = { send: "/v1/queues/singles/messages", noop: "/v1/queues/noop/messages", call: "/bench/call" }
    for (const path of Object.values(paths)) await perSecond(path, scale.warmUpMs)
    const [sends, noops, calls]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round < scale.rounds; round++) {
      sends.push(await perSecond(paths.send, scale.roundMs))
      noops.push(await perSecond(paths.noop, scale.roundMs))
      calls.push(await perSecond(paths.call, scale.roundMs))
    }
    const commits = (await (await fetch(`${url}/bench/commits/singles`)).json()) as number
    const ratios = sends.map((rate, round) => rate / noops[round]!)
    const bareRatios = sends.map((rate, round) => rate / calls[round]!)
    return [
      { name: "64 single sends", value: median(sends), unit: "messages/s", target: null, rounds: sends },
      {
        name: "64 sends to an object that does nothing",
        value: median(noops),
        unit: "calls/s",
        target: null,
        rounds: noops,
      },
      {
        name: "64 calls of an object that does nothing, and no more",
        value: median(calls),
        unit: "calls/s",
        target: null,
        rounds: calls,
      },
      { name: "64 single sends: messages per commit", value: sent / commits, unit: "", target: { atLeast: 16 } },
      {
        name: "64 single sends: rate against no-op calls",
        value: median(ratios),
        unit: "x",
        target: { atLeast: 0.75 },
        rounds: ratios,
      },
      {
        name: "64 single sends: rate against bare calls",
        value: median(bareRatios),
        unit: "x",
        target: null,
        rounds: bareRatios,
      },
    ]
  })
}

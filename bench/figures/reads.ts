import { TOKEN, withBenchWorker } from "../bench-worker.ts"
import { type Figure, median } from "../figure.ts"
import type { Scale } from "../figures.ts"
import type { Generator } from "../load/generator.ts"
import type { Target } from "../load/jobs.ts"
import { messageBody, NO_LIMIT, postJob } from "./requests.ts"
import { withStartedBroker } from "./started-broker.ts"

const TOPIC = "reads"
const RECORDS = `/v1/topics/${TOPIC}/partitions/0/records`
const PEER = "/bench/rows-stored"
const RAW_TYPE = "application/vnd.millrace.batch"
/** Of 256 bytes and more when stored; each batch is a row. */
const BATCH = 100
const BYTES_PER_MIB = 1024 * 1024

/** A raw read of a whole log on `npm start` against an object that streams the same rows as they are stored. */
export async function reads(generator: Generator, scale: Scale): Promise<Figure[]> {
  return withStartedBroker(({ url, token }) =>
    withBenchWorker(async (bench) => {
      const broker = { url, token }
      const peer = { url: bench.url, token: TOKEN }
      await fill(generator, broker, scale.readBytes)
      const storedBytes = await copy(broker, peer)
      const perSecond = async (target: Target, path: string): Promise<number> => {
        const done = await generator.run({ kind: "read", ...target, path, accept: RAW_TYPE })
        if (done.bytes !== storedBytes) throw new Error(`${path}: read ${done.bytes} of ${storedBytes} bytes`)
        return done.bytes / BYTES_PER_MIB / (done.durationMs / 1000)
      }
      await perSecond(broker, RECORDS)
      await perSecond(peer, PEER)
      const [rates, peerRates]: [number[], number[]] = [[], []]
      for (let round = 0; round < scale.rounds; round++) {
        rates.push(await perSecond(broker, RECORDS))
        peerRates.push(await perSecond(peer, PEER))
      }
      const ratios = rates.map((rate, round) => rate / peerRates[round]!)
      const name = `raw read of ${Math.round(storedBytes / 1_000_000)} MB`
      return [
        { name, value: median(rates), unit: "MiB/s", target: null, rounds: rates },
        { name: "the same rows, streamed", value: median(peerRates), unit: "MiB/s", target: null, rounds: peerRates },
        {
          name: `${name}: rate against streaming`,
          value: median(ratios),
          unit: "x",
          target: { atLeast: 0.6 },
          rounds: ratios,
        },
      ]
    }),
  )
}

async function fill(generator: Generator, broker: Target, bytes: number): Promise<void> {
  await must(broker, "PUT", `/v1/topics/${TOPIC}`, "{}")
  const record = messageBody()
  const body = JSON.stringify({ records: Array.from({ length: BATCH }, () => ({ body: record })) })
  const until = { requests: Math.ceil(bytes / (BATCH * record.length)), durationMs: NO_LIMIT }
  // one after the other: what is on its way together would share a row
  await generator.run(postJob(broker, `/v1/topics/${TOPIC}/records`, body, { connections: 1, until }))
}

/** Gives the peer what the broker has stored; answers how many bytes that is. */
async function copy(broker: Target, peer: Target): Promise<number> {
  let bytes = 0
  for (let from: string | null = "0"; from !== null;) {
    const answer = await must(broker, "GET", `${RECORDS}?from=${from}`)
    const rows = await answer.arrayBuffer()
    await must(peer, "POST", PEER, rows)
    bytes += rows.byteLength
    const next = answer.headers.get("millrace-next-offset")
    from = next === answer.headers.get("millrace-end-offset") ? null : next
  }
  return bytes
}

async function must({ url, token }: Target, method: string, path: string, body?: BodyInit): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: RAW_TYPE }
  const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer
}

import { TOKEN, withBenchWorker } from "../bench-worker.ts"
import type { Figure } from "../figure.ts"
import type { Scale } from "../figures.ts"
import type { Generator } from "../load/generator.ts"
import type { Done, FramesJob, Target } from "../load/jobs.ts"
import { batchBody, createQueue, messageBody, NO_LIMIT, postJob } from "./requests.ts"
import { inTurns, rateFigure, ratioFigure } from "./sockets.ts"

const MESSAGE_BYTES = messageBody().length
const BATCH = 100
/** Frames of the bare object that have no answer yet; more is no faster. */
const BARE_WINDOW = 20
const LINGER_MS = 5
/** What a socket takes ahead, and what a handler's consumer does. */
const PUSH_CREDIT = 5_000
const PREFETCH = 1_000
const FILL_CONNECTIONS = 16

/** The SDK against frames of 100 messages that an object in the same runtime does no more than write and confirm. */
export async function sdk(generator: Generator, scale: Scale): Promise<Figure[]> {
  return withBenchWorker(async ({ url }) => {
    const target = { url, token: TOKEN }
    const frame = { bytes: BATCH * MESSAGE_BYTES }
    const job = (durationMs: number): FramesJob => {
      return { kind: "frames", ...target, path: "/bench/socket", frame, window: BARE_WINDOW, durationMs }
    }
    const bare = async (durationMs: number): Promise<Done> => inMessages(await generator.run(job(durationMs)))
    return [...(await publishing(generator, target, scale, bare)), ...(await pushing(generator, target, scale, bare))]
  })
}

async function publishing(
  generator: Generator,
  target: Target,
  scale: Scale,
  bare: (durationMs: number) => Promise<Done>,
): Promise<Figure[]> {
  await put(target, "/v1/topics/sdk", { partitions: 1, retentionMs: 60_000 })
  const publish = (durationMs: number): Promise<Done> => {
    const job = { kind: "sdk-publish", topic: "sdk", bytes: MESSAGE_BYTES, lingerMs: LINGER_MS, durationMs } as const
    return generator.run({ ...target, ...job })
  }
  const [ours, theirs] = await inTurns(scale, publish, bare)
  return [
    rateFigure(`publishing ${MESSAGE_BYTES} B through the SDK, linger ${LINGER_MS} ms`, "records/s", ours),
    rateFigure(`frames of ${BATCH} that are only written`, "messages/s", theirs),
    ratioFigure("publishing through the SDK: rate against bare frames", ours, theirs, { atLeast: 0.6 }),
  ]
}

/** Pushed to a socket that acknowledges and does no more, against bare frames; and to a handler of the SDK. */
async function pushing(
  generator: Generator,
  target: Target,
  scale: Scale,
  bare: (durationMs: number) => Promise<Done>,
): Promise<Figure[]> {
  await createQueue(target, "pushed")
  const filled = async (): Promise<{ readonly queue: string; readonly messages: number }> => {
    const load = { connections: FILL_CONNECTIONS, until: { requests: scale.pushed / BATCH, durationMs: NO_LIMIT } }
    const { requests } = await generator.run(postJob(target, "/v1/queues/pushed/messages", batchBody(BATCH), load))
    return { queue: "pushed", messages: requests * BATCH }
  }
  const push = async (): Promise<Done> =>
    generator.run({ ...target, kind: "push", prefetch: PUSH_CREDIT, ...(await filled()) })
  const consume = async (): Promise<Done> =>
    generator.run({ ...target, kind: "sdk-consume", prefetch: PREFETCH, ...(await filled()) })
  const [ours, theirs] = await inTurns(scale, push, bare)
  const handled: number[] = []
  for (let round = 0; round < scale.rounds; round++) {
    const { requests, durationMs } = await consume()
    handled.push(requests / (durationMs / 1000))
  }
  return [
    rateFigure("pushed to a socket in binary, and acknowledged", "messages/s", ours),
    rateFigure(`frames of ${BATCH} that are only written`, "messages/s", theirs),
    ratioFigure("push and acknowledge: rate against bare frames", ours, theirs, { atLeast: 0.5 }),
    rateFigure("pushed to a handler of the SDK, and acknowledged", "messages/s", handled),
  ]
}

function inMessages(done: Done): Done {
  return { ...done, requests: done.requests * BATCH }
}

async function put({ url, token }: Target, path: string, settings: object): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const answer = await fetch(url + path, { method: "PUT", headers, body: JSON.stringify(settings) })
  if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`)
}

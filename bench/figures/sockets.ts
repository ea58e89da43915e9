import { TOKEN, withBenchWorker } from "../bench-worker.ts"
import { type Figure, median } from "../figure.ts"
import type { Scale } from "../figures.ts"
import type { Generator } from "../load/generator.ts"
import type { Done, FramesJob, LatencyJob, Target } from "../load/jobs.ts"
import { createQueue, messageBody } from "./requests.ts"

const MESSAGE_BYTES = 256
const SINGLES_WINDOW = 2_000
const LATENCY_PER_SECOND = 200

/** Frames of single messages, and the time that one takes, next to an object in the same runtime that does no more than store. */
export async function sockets(generator: Generator, scale: Scale): Promise<Figure[]> {
  return withBenchWorker(async ({ url }) => {
    const target = { url, token: TOKEN }
    for (const queue of ["frames", "latency"]) await createQueue(target, queue, { retentionMs: 60_000 })
    return [...(await singleFrames(generator, target, scale)), ...(await latencies(generator, target, scale))]
  })
}

/** Single publishes: through the relay, which joins what came in a turn, and the same frames straight to an object. */
async function singleFrames(generator: Generator, target: Target, scale: Scale): Promise<Figure[]> {
  const frame = { queue: "frames", body: messageBody() }
  const job = (path: string, durationMs: number): FramesJob => {
    return { kind: "frames", ...target, path, frame, window: SINGLES_WINDOW, durationMs }
  }
  const relayed = (durationMs: number): Promise<Done> => generator.run(job("/v1/connect", durationMs))
  const straight = (durationMs: number): Promise<Done> => generator.run(job("/bench/socket", durationMs))
  const [ours, bare] = await inTurns(scale, relayed, straight)
  return [
    rateFigure("single client frames, through the relay", "messages/s", ours),
    rateFigure("the same frames, straight to an object that commits each burst", "frames/s", bare),
    ratioFigure("single client frames: rate against straight frames", ours, bare, { atLeast: 1.2 }),
  ]
}

/** From a publish to its delivery to a consumer that waits, and a frame that is stored as a row and confirmed. */
async function latencies(generator: Generator, target: Target, scale: Scale): Promise<Figure[]> {
  const job = (path: string, frame: LatencyJob["frame"], durationMs: number): LatencyJob => {
    return { kind: "latency", ...target, path, frame, perSecond: LATENCY_PER_SECOND, durationMs }
  }
  const delivered = (durationMs: number): Promise<Done> =>
    generator.run(job("/v1/connect", { queue: "latency", body: messageBody() }, durationMs))
  const written = (durationMs: number): Promise<Done> =>
    generator.run(job("/bench/relayed", { bytes: MESSAGE_BYTES }, durationMs))
  const [ours, bare] = await inTurns(scale, delivered, written, (done) => done.medianMs!)
  const name = `at ${LATENCY_PER_SECOND} messages/s, from send to delivery`
  return [
    { name, value: median(ours), unit: "ms", target: null, rounds: ours },
    { name: "a row written through the same relay", value: median(bare), unit: "ms", target: null, rounds: bare },
    ratioFigure("send to delivery: time against a row written", ours, bare, { atMost: 1.5 }),
  ]
}

/** Both in turns, after a warm-up: what disturbs one disturbs the other. */
export async function inTurns(
  scale: Pick<Scale, "rounds" | "roundMs" | "warmUpMs">,
  ours: (durationMs: number) => Promise<Done>,
  bare: (durationMs: number) => Promise<Done>,
  measure: (done: Done) => number = perSecond,
): Promise<[ours: number[], bare: number[]]> {
  await ours(scale.warmUpMs)
  await bare(scale.warmUpMs)
  const measured: [number[], number[]] = [[], []]
  for (let round = 0; round < scale.rounds; round++) {
    measured[0].push(measure(await ours(scale.roundMs)))
    measured[1].push(measure(await bare(scale.roundMs)))
  }
  return measured
}

export function rateFigure(name: string, unit: string, rounds: readonly number[]): Figure {
  return { name, value: median(rounds), unit, target: null, rounds }
}

export function ratioFigure(
  name: string,
  ours: readonly number[],
  bare: readonly number[],
  target: Figure["target"] = null,
): Figure {
  const rounds = ours.map((value, round) => value / bare[round]!)
  return { name, value: median(rounds), unit: "x", target, rounds }
}

function perSecond({ requests, durationMs }: Done): number {
  return requests / (durationMs / 1000)
}

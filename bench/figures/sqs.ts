import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs"
import type { TestBroker } from "../../test/support/broker.ts"
import type { Generator } from "../load/generator.ts"
import type { QueueJob, QueueWay, SqsTarget } from "../load/jobs.ts"
import { type Figure, median } from "../figure.ts"
import type { Scale } from "../figures.ts"
import { withBenchWorker } from "../bench-worker.ts"
import { rateFigure, ratioFigure } from "./sockets.ts"
import { PEERS, withPeer } from "./sqs-peers.ts"
import { withStartedBroker } from "./started-broker.ts"

const CLIENTS = 16
const BATCH = 10
/** Turns of a round, short and many: what disturbs a busy machine for a second is then one of many. */
const TURNS = 12
const WARM_UP_ROUNDS = 1
/** Of how many requests one client alone makes one. */
const ALONE = 4
/** How long the door may take against the native API for the same work. */
const MOST_TIME = 1.25

type Key = Pick<SqsTarget, "accessKeyId" | "secretAccessKey">
type Step = Pick<QueueJob, "step" | "batch"> & { readonly name: string }
/** One turn of a step. */
interface Turn {
  /** Messages. */
  readonly perSecond: number
  readonly busyShare: number
}
/** The turns of each way, in the order of the steps. */
type Turns = ReadonlyMap<string, readonly Turn[][]>

/** What is done, and by how many. */
interface Load {
  readonly steps: readonly Step[]
  readonly clients: number
}

/** In this order a step takes what the one before it has sent. */
const STEPS: readonly Step[] = [
  { name: "send", step: "send", batch: 1 },
  { name: "receive and delete", step: "receive", batch: 1 },
  { name: `send in batches of ${BATCH}`, step: "send", batch: BATCH },
  { name: `receive and delete in batches of ${BATCH}`, step: "receive", batch: BATCH },
]

/** The SQS API against the native one at the same broker, and through AWS's client against other servers of that API. */
export async function sqs(generator: Generator, scale: Scale): Promise<Figure[]> {
  return withStartedBroker(async (broker) => {
    const key = await accessKey(broker)
    const target = async (name: string): Promise<SqsTarget> => ({
      ...key,
      url: broker.url,
      queueUrl: await createQueue(broker.url, key, name),
    })
    // both queues are made through the door, so that they have the same settings
    await target("native")
    const native = { api: "native", url: broker.url, token: broker.token, queue: "native" } as const
    const door = { api: "sqs", ...(await target("door")) } as const
    const ours = { api: "sqs-sdk", ...(await target("sdk")) } as const
    return [
      ...(await againstNative(generator, scale, { native, door }, 1)),
      ...(await againstNative(generator, scale, { native, door }, CLIENTS)),
      ...(await againstPeers(generator, scale, ours)),
      ...(await againstNothing(generator, scale, ours)),
    ]
  })
}

/** Step by step, and all that is done with a message together. */
async function againstNative(
  generator: Generator,
  scale: Scale,
  ways: Readonly<Record<"native" | "door", QueueWay>>,
  clients: number,
): Promise<Figure[]> {
  const turns = await inRounds(generator, scale, ways, { steps: STEPS, clients })
  const by = clients === 1 ? "1 client" : `${clients} clients`
  const eachStep = STEPS.flatMap(({ name }, step) => {
    const [native, door] = [ratesOf(turns, "native", step), ratesOf(turns, "door", step)]
    return [
      rate(`${name}, ${by}, native HTTP`, "messages/s", native),
      rate(`${name}, ${by}, SQS`, "messages/s", door),
      ratio(`${name}, ${by}: time through the SQS door against native`, native, door, { atMost: MOST_TIME }),
    ]
  })
  const whole = [1, BATCH].map((size) => {
    const [native, door] = [timesOf(turns, "native", size), timesOf(turns, "door", size)]
    const what = size === 1 ? "a message" : `${size} messages at once`
    const name = `${what} from send to deletion, ${by}: time through the SQS door against native`
    return ratio(name, door, native, { atMost: MOST_TIME })
  })
  return [...eachStep, ...whole]
}

function ratesOf(turns: Turns, way: string, step: number): number[] {
  return turns.get(way)![step]!.map(({ perSecond }) => perSecond)
}

/** What all steps with batches of `size` take together, for each message, in seconds. */
function timesOf(turns: Turns, way: string, size: number): number[] {
  const steps = [...STEPS.keys()].filter((step) => STEPS[step]!.batch === size)
  const rates = steps.map((step) => ratesOf(turns, way, step))
  return rates[0]!.map((_, turn) => rates.reduce((time, ofStep) => time + 1 / ofStep[turn]!, 0))
}

/**
 * Every figure of ours against the same one of each peer, in the same rounds. A client that is busy all the time is
 * what limits the rate: another server can be ahead only by answers that are cheaper to read.
 */
async function againstPeers(generator: Generator, scale: Scale, millrace: QueueWay): Promise<Figure[]> {
  const [first, second] = PEERS
  const turns = await withPeer(first, async (firstUrl) =>
    withPeer(second, async (secondUrl) => {
      const ways = { millrace, [first]: await peerWay(firstUrl), [second]: await peerWay(secondUrl) }
      return inRounds(generator, scale, ways, { steps: STEPS, clients: CLIENTS })
    }),
  )
  return STEPS.flatMap(({ name }, step) => {
    const ours = ratesOf(turns, "millrace", step)
    const what = `${name} through AWS's client`
    return [
      rate(`${what}, Millrace`, "messages/s", ours),
      ...PEERS.flatMap((peer) => {
        const theirs = ratesOf(turns, peer, step)
        return [
          rate(`${what}, ${peer}`, "messages/s", theirs),
          ratio(`${what}: rate against ${peer}`, ours, theirs, { atLeast: 1 }),
          rate(`${what}: busy with ${peer}`, "of the time", busyShares(turns, peer, step)),
        ]
      }),
    ]
  })
}

function busyShares(turns: Turns, way: string, step: number): number[] {
  return turns.get(way)![step]!.map(({ busyShare }) => busyShare)
}

/**
 * What the platform leaves to win: the rate of each peer to that of a Worker that parses and checks nothing, whose
 * object only keeps a count, and of that to the broker. Where the first is below one, no Worker is ahead of the peer.
 */
async function againstNothing(generator: Generator, scale: Scale, millrace: QueueWay): Promise<Figure[]> {
  const [first, second] = PEERS
  const bySize = await withBenchWorker(async ({ url }) =>
    withPeer(first, async (firstUrl) =>
      withPeer(second, async (secondUrl) => {
        const peers = { [first]: await peerWay(firstUrl), [second]: await peerWay(secondUrl) }
        const rounds = []
        for (const size of [1, BATCH]) {
          const nothing = { ...millrace, url: `${url}/bench/sqs/${size}` } as const
          const steps = STEPS.filter(({ batch }) => batch === size)
          const ways = { millrace, nothing, ...peers }
          rounds.push({ steps, turns: await inRounds(generator, scale, ways, { steps, clients: CLIENTS }) })
        }
        return rounds
      }),
    ),
  )
  return bySize.flatMap(({ steps, turns }) => steps.flatMap(({ name }, step) => floorFigures(name, step, turns)))
}

function floorFigures(name: string, step: number, turns: Turns): Figure[] {
  const floor = ratesOf(turns, "nothing", step)
  const what = `${name} through AWS's client`
  return [
    rate(`${what}, a Worker and an object that keep a count`, "messages/s", floor),
    ...PEERS.map((peer) => ratio(`${what}: a count against ${peer}`, floor, ratesOf(turns, peer, step))),
    ratio(`${what}: Millrace against a count`, ratesOf(turns, "millrace", step), floor),
  ]
}

async function peerWay(url: string): Promise<QueueWay> {
  // they take any key
  const key = { accessKeyId: "bench", secretAccessKey: "bench" }
  return { api: "sqs-sdk", url, ...key, queueUrl: await createQueue(url, key, "bench") }
}

/** `steps` by every way, in turns, after some that do not count: what disturbs one disturbs the others. */
async function inRounds(
  generator: Generator,
  scale: Scale,
  ways: Readonly<Record<string, QueueWay>>,
  { steps, clients }: Load,
): Promise<Turns> {
  const turns = new Map(Object.keys(ways).map((name) => [name, steps.map((): Turn[] => [])]))
  // one client alone takes longer
  const requests = clients === 1 ? scale.sqsRequests / ALONE : scale.sqsRequests
  for (let number = -WARM_UP_ROUNDS * TURNS; number < scale.rounds * TURNS; number++) {
    // who comes first changes, too
    const inTurn = number % 2 === 0 ? Object.entries(ways) : Object.entries(ways).toReversed()
    for (const [index, { step, batch }] of steps.entries()) {
      for (const [name, way] of inTurn) {
        const messages = requests * batch
        const done = await generator.run({ kind: "queue", way, step, batch, messages, clients })
        const turn = { perSecond: messages / (done.durationMs / 1000), busyShare: done.busyShare! }
        if (number >= 0) turns.get(name)![index]!.push(turn)
      }
    }
  }
  return turns
}

function rate(name: string, unit: string, turns: readonly number[]): Figure {
  return inRoundsOf(rateFigure(name, unit, turns))
}

function ratio(
  name: string,
  ours: readonly number[],
  theirs: readonly number[],
  target: Figure["target"] = null,
): Figure {
  return inRoundsOf(ratioFigure(name, ours, theirs, target))
}

/** The middle of all turns is the figure; to look at, there is that of each round. */
function inRoundsOf(figure: Figure): Figure {
  const turns = figure.rounds!
  const starts = [...turns.keys()].filter((turn) => turn % TURNS === 0)
  return { ...figure, rounds: starts.map((start) => median(turns.slice(start, start + TURNS))) }
}

async function createQueue(endpoint: string, credentials: Key, QueueName: string): Promise<string> {
  const client = new SQSClient({ endpoint, region: "us-east-1", credentials })
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName }))
  client.destroy()
  return QueueUrl!
}

async function accessKey({ url, token }: TestBroker): Promise<Key> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  const answer = await fetch(`${url}/v1/tokens`, { method: "POST", headers, body: JSON.stringify({ kind: "aws" }) })
  if (!answer.ok) throw new Error(`making an access key: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Key
}

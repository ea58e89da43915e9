import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs"
import type { TestBroker } from "../../test/support/broker.ts"
import type { Generator } from "../load/generator.ts"
import type { QueueJob, QueueWay, SqsTarget } from "../load/jobs.ts"
import type { Figure } from "../figure.ts"
import type { Scale } from "../figures.ts"
import { withBenchWorker } from "../bench-worker.ts"
import { rateFigure, ratioFigure } from "./sockets.ts"
import { PEERS, withPeer } from "./sqs-peers.ts"
import { withStartedBroker } from "./started-broker.ts"

const CLIENTS = 16
const BATCH = 10
/** Short turns and many: what a busy machine does for a second is then no whole round. */
const TURNS = 3
const WARM_UP_ROUNDS = 2
/** How long the door may take against the native API for the same work. */
const MOST_TIME = 1.25

type Key = Pick<SqsTarget, "accessKeyId" | "secretAccessKey">
type Step = Pick<QueueJob, "step" | "batch"> & { readonly name: string }
/** What the rounds of each way came to, in messages per second, in the order of `STEPS`. */
type Rates = ReadonlyMap<string, readonly number[][]>

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
    const atDoor = await inRounds(generator, scale, { native, door })
    return [
      ...againstNative(atDoor),
      ...(await againstPeers(generator, scale, ours)),
      ...(await againstNothing(generator, scale, ours)),
    ]
  })
}

function againstNative(rates: Rates): Figure[] {
  const [native, door] = [rates.get("native")!, rates.get("door")!]
  return STEPS.flatMap(({ name }, step) => [
    rateFigure(`${name}, ${CLIENTS} clients, native HTTP`, "messages/s", native[step]!),
    rateFigure(`${name}, ${CLIENTS} clients, SQS`, "messages/s", door[step]!),
    ratioFigure(`${name}: time through the SQS door against native`, native[step]!, door[step]!, { atMost: MOST_TIME }),
  ])
}

/** Every figure of ours against the same one of each peer, in the same rounds. */
async function againstPeers(generator: Generator, scale: Scale, millrace: QueueWay): Promise<Figure[]> {
  const [first, second] = PEERS
  const rates = await withPeer(first, async (firstUrl) =>
    withPeer(second, async (secondUrl) => {
      const ways = { millrace, [first]: await peerWay(firstUrl), [second]: await peerWay(secondUrl) }
      return inRounds(generator, scale, ways)
    }),
  )
  return STEPS.flatMap(({ name }, step) => {
    const ours = rates.get("millrace")![step]!
    return [
      rateFigure(`${name} through AWS's client, Millrace`, "messages/s", ours),
      ...PEERS.flatMap((peer) => {
        const theirs = rates.get(peer)![step]!
        return [
          rateFigure(`${name} through AWS's client, ${peer}`, "messages/s", theirs),
          ratioFigure(`${name} through AWS's client: rate against ${peer}`, ours, theirs, { atLeast: 1 }),
        ]
      }),
    ]
  })
}

/**
 * What the platform leaves to win: the rate of each peer to that of a Worker that parses, checks and stores nothing,
 * whose object only counts, and of that to the broker. Where the first is below one, no Worker is ahead of the peer.
 */
async function againstNothing(generator: Generator, scale: Scale, millrace: QueueWay): Promise<Figure[]> {
  const [first, second] = PEERS
  const rates = await withBenchWorker(async ({ url }) =>
    withPeer(first, async (firstUrl) =>
      withPeer(second, async (secondUrl) => {
        const peers = { [first]: await peerWay(firstUrl), [second]: await peerWay(secondUrl) }
        const rounds = []
        for (const size of [1, BATCH]) {
          const nothing = { ...millrace, url: `${url}/bench/sqs/${size}` } as const
          const steps = STEPS.filter(({ batch }) => batch === size)
          rounds.push({ steps, rates: await inRounds(generator, scale, { millrace, nothing, ...peers }, steps) })
        }
        return rounds
      }),
    ),
  )
  return rates.flatMap(({ steps, rates: ofSize }) =>
    steps.flatMap(({ name }, step) => floorFigures(name, step, ofSize)),
  )
}

function floorFigures(name: string, step: number, rates: Rates): Figure[] {
  const floor = rates.get("nothing")![step]!
  const what = `${name} through AWS's client`
  return [
    rateFigure(`${what}, a Worker and an object that only count`, "messages/s", floor),
    ...PEERS.map((peer) => ratioFigure(`${what}: only counting against ${peer}`, floor, rates.get(peer)![step]!)),
    ratioFigure(`${what}: Millrace against only counting`, rates.get("millrace")![step]!, floor),
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
  steps: readonly Step[] = STEPS,
): Promise<Rates> {
  const rates = new Map(Object.keys(ways).map((name) => [name, steps.map((): number[] => [])]))
  for (let round = -WARM_UP_ROUNDS; round < scale.rounds * TURNS; round++) {
    // who comes first changes, too
    const inTurn = round % 2 === 0 ? Object.entries(ways) : Object.entries(ways).toReversed()
    for (const [index, { step, batch }] of steps.entries()) {
      for (const [name, way] of inTurn) {
        const messages = scale.sqsRequests * batch
        const done = await generator.run({ kind: "queue", way, step, batch, messages, clients: CLIENTS })
        if (round >= 0) rates.get(name)![index]!.push(messages / (done.durationMs / 1000))
      }
    }
  }
  return rates
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

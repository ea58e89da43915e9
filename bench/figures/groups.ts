import { withBenchWorker } from "../bench-worker.ts"
import { type Figure, median } from "../figure.ts"
import type { Scale } from "../figures.ts"
import type { Generator } from "../load/generator.ts"
import type { Drain, Fill } from "../objects/grouped-load.ts"

const MESSAGES_PER_GROUP = 10
const SMALL_MESSAGES = 1_000
const BATCH = 10
/** Receives of one slice: half of the small queue. */
const SLICE_RECEIVES = 50
const SLICE_MESSAGES = SLICE_RECEIVES * BATCH
const SLICES = 15
const OTHERS = 2_000

/** Receiving in order: what many groups cost, and what a blocked group in front costs. */
export async function groups(_: Generator, scale: Scale): Promise<Figure[]> {
  return withBenchWorker(async ({ url }) => {
    const client = new GroupClient(url)
    return [
      ...(await manyGroups(client, scale.groupedMessages)),
      ...(await blockedGroup(client, scale.blockedMessages)),
    ]
  })
}

/** Slices of a long queue and of a short one in turn; the short one is filled up again between them. */
async function manyGroups(client: GroupClient, messages: number): Promise<Figure[]> {
  const manyOf = (count: number): Omit<Fill, "from"> => {
    return { messages: count, groups: count / MESSAGES_PER_GROUP, prefix: "group-" }
  }
  await client.fill("many", { ...manyOf(messages), from: 0 })
  await client.fill("few", { ...manyOf(SMALL_MESSAGES), from: 0 })
  const slice = { rounds: SLICE_RECEIVES, batch: BATCH, held: false }
  const [many, few]: [number[], number[]] = [[], []]
  let filled = SMALL_MESSAGES
  for (let round = 0; round <= SLICES; round++) {
    const manyMs = await client.drain("many", slice, SLICE_MESSAGES)
    const fewMs = await client.drain("few", slice, SLICE_MESSAGES)
    await client.fill("few", { ...manyOf(SMALL_MESSAGES), messages: SLICE_MESSAGES, from: filled })
    filled += SLICE_MESSAGES
    // the first slice warms up
    if (round > 0) {
      many.push(manyMs / SLICE_RECEIVES)
      few.push(fewMs / SLICE_RECEIVES)
    }
  }
  const ratios = many.map((ms, index) => ms / few[index]!)
  const name = `receive and ack of ${BATCH}`
  const groupCount = messages / MESSAGES_PER_GROUP
  return [
    { name: `${name}, ${messages} messages, ${groupCount} groups`, value: median(many), unit: "ms", target: null },
    {
      name: `${name}, ${SMALL_MESSAGES} messages, ${SMALL_MESSAGES / MESSAGES_PER_GROUP} groups`,
      value: median(few),
      unit: "ms",
      target: null,
    },
    {
      name: `${name}: ${groupCount} groups against ${SMALL_MESSAGES / MESSAGES_PER_GROUP}`,
      value: median(ratios),
      unit: "x",
      target: { atMost: 1.2 },
      rounds: ratios,
    },
  ]
}

/** A group of which one message is held, with all of its others in front of everything else. */
async function blockedGroup(client: GroupClient, inFront: number): Promise<Figure[]> {
  await client.fill("blocked", { from: 0, messages: inFront, groups: 1, prefix: "blocked-" })
  await client.drain("blocked", { rounds: 1, batch: 1, held: true }, 1)
  const free = { from: 0, messages: OTHERS, groups: OTHERS / MESSAGES_PER_GROUP, prefix: "free-" }
  await client.fill("blocked", free)
  const once = { rounds: 1, batch: BATCH, held: false }
  const firstMs = await client.drain("blocked", once, BATCH)
  const slice = { ...once, rounds: SLICE_RECEIVES }
  const following: number[] = []
  for (let left = OTHERS - BATCH; left >= SLICE_MESSAGES; left -= SLICE_MESSAGES) {
    following.push((await client.drain("blocked", slice, SLICE_MESSAGES)) / SLICE_RECEIVES)
  }
  const name = `behind ${inFront} of a blocked group`
  return [
    { name: `first receive and ack ${name}`, value: firstMs, unit: "ms", target: { atMost: 1000 } },
    { name: `following ones ${name}`, value: median(following), unit: "ms", target: null, rounds: following },
  ]
}

/** The benchmark's Worker, for fifo queues. */
class GroupClient {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async fill(queue: string, fill: Fill): Promise<void> {
    await this.#ask(`fill/${queue}`, fill)
  }

  /** How long it took until `expected` messages were received and acknowledged. */
  async drain(queue: string, drain: Drain, expected: number): Promise<number> {
    const startedAt = performance.now()
    const messages = await this.#ask(`drain/${queue}`, drain)
    const tookMs = performance.now() - startedAt
    if (messages !== expected) throw new Error(`${queue}: ${messages} of ${expected} messages came`)
    return tookMs
  }

  async #ask(path: string, body: object): Promise<number> {
    const answer = await fetch(`${this.#url}/bench/${path}`, { method: "POST", body: JSON.stringify(body) })
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as number
  }
}

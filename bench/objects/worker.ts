import { Hono } from "hono"
import { objectName } from "../../src/objects/contract.ts"
import { app } from "../../src/routes/app.ts"
import type { BenchEnv } from "./env.ts"
import { type Drain, drain, type Fill, fill } from "./grouped-load.ts"
import { loadsOfQueues } from "./metered.ts"
import * as partitions from "./partition-scenarios.ts"
import { atRandom, inPhases, inStep, producerSends } from "./queue-scenarios.ts"
import type { Report } from "./report.ts"
import { shared } from "./share-scenarios.ts"
import { countOnly, COUNT_PATH } from "./sqs-count.ts"
import { relay } from "./socket-peer.ts"
import * as timed from "./timed-scenarios.ts"

export { AccessKeyObject } from "../../src/objects/access-key-object.ts"
export { CatalogObject } from "../../src/objects/catalog-object.ts"
export { GroupObject } from "../../src/objects/group-object.ts"
export { PartitionObject, QueueObject } from "./metered.ts"
export { BareObject, CountObject, NoopObject, StreamObject } from "./peers.ts"
export { SocketObject } from "./socket-peer.ts"

type Scenario = (env: BenchEnv, batch: number) => Promise<Report>

/** Sends to this queue reach an object that does nothing. */
const NOOP_QUEUE = "noop"
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  inPhases,
  inStep,
  atRandom,
  producerSends,
  ...partitions,
  shared,
  ...timed,
}

const bench = new Hono<{ Bindings: BenchEnv }>()

/** The peer of a batch: the body as it came, one row for each call. */
bench.post("/bench/bare", async ({ req, env }) => {
  await env.BARES.getByName("bare").write(new Uint8Array(await req.arrayBuffer()))
  return Response.json({})
})

/** The peer of a raw read: takes the rows of a log, and streams them. */
bench.post("/bench/rows-stored", async ({ req, env }) => {
  await env.STREAMS.getByName("stream").store(new Uint8Array(await req.arrayBuffer()))
  return Response.json({})
})
bench.get("/bench/rows-stored", ({ req, env }) => env.STREAMS.getByName("stream").fetch(req.raw))

/** Nothing but a call to an object that does nothing. */
bench.post("/bench/call", async ({ req, env }) => {
  await env.NOOPS.getByName("noop").call(new Uint8Array(await req.arrayBuffer()))
  return Response.json({})
})

/** The peers of a socket: straight to an object that stores what comes, and through a Worker that relays. */
bench.get("/bench/socket", ({ req, env }) => env.SOCKETS.getByName("socket").fetch(req.raw))
bench.get("/bench/relayed", ({ req, env }) => relay(() => env.SOCKETS.getByName("relayed").fetch(req.raw)))

bench.get("/bench/loads", () => Response.json(loadsOfQueues()))

bench.get("/bench/commits/:queue", async ({ req, env }) => {
  const queue = env.QUEUES.getByName(objectName("default", req.param("queue"), 0))
  return Response.json(await queue.commitCount())
})

/** Sends messages in groups to a fifo queue. */
bench.post("/bench/fill/:queue", async ({ req, env }) => {
  await fill(env, req.param("queue"), await req.json<Fill>())
  return Response.json(0)
})

/** Receives and acknowledges in order; answers how many messages came. */
bench.post("/bench/drain/:queue", async ({ req, env }) => {
  return Response.json(await drain(env, req.param("queue"), await req.json<Drain>()))
})

bench.post("/bench/rows/:scenario/:batch", async ({ req, env }) => {
  const scenario = SCENARIOS[req.param("scenario")]
  if (!scenario) return new Response("no such scenario", { status: 404 })
  return Response.json(await scenario(env, Number(req.param("batch"))))
})

let noops: BenchEnv | null = null

function withoutQueues(env: BenchEnv): BenchEnv {
  noops ??= { ...env, QUEUES: env.NOOPS as unknown as BenchEnv["QUEUES"] }
  return noops
}

export default {
  fetch(request: Request, env: BenchEnv, ctx: ExecutionContext): Response | Promise<Response> {
    if (request.url.includes(COUNT_PATH)) return countOnly(request, env)
    if (request.url.includes("/bench/")) return bench.fetch(request, env, ctx)
    // the broker's own route, with nothing behind it
    return app.fetch(request, request.url.includes(`/queues/${NOOP_QUEUE}/`) ? withoutQueues(env) : env, ctx)
  },
}

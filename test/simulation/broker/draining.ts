import { receive, settle } from "./receiving.ts"
import { ask, askUntilSure, isJson, type Scene } from "./scene.ts"

/** Longer than anything that keeps a message back: leases, delays, retries of dead letters. */
const SILENCE_MS = 12_000
const WAIT_MS = 3_000
const VISIBILITY_MS = 10_000
/** Whatever is still there by then would stay for ever. */
const PATIENCE_MS = 240_000

/** Takes all that is left in queues that lead to each other. Answers what stays there all the same, or null. */
export async function drain(scene: Scene, queues: readonly string[]): Promise<string | null> {
  if (queues.length === 0) return null
  const startedAt = scene.recorder.now()
  let seenAt = startedAt
  let left: string | null = "not looked at"
  while (scene.recorder.now() - seenAt < SILENCE_MS || left !== null) {
    for (const queue of queues) if (await drainOnce(scene, queue)) seenAt = scene.recorder.now()
    left = await whatIsLeft(scene, queues)
    if (scene.recorder.now() - startedAt > PATIENCE_MS) return left ?? "messages without end"
  }
  return null
}

async function drainOnce(scene: Scene, queue: string): Promise<boolean> {
  const who = { client: `drain ${queue}`, queue }
  const options = { maxMessages: 100, waitMs: WAIT_MS, visibilityTimeoutMs: VISIBILITY_MS, attemptId: null }
  const held = await receive(scene, who, options)
  if (held.length > 0) await settle(scene, who, { kind: "ack", ms: 0, held })
  return held.length > 0
}

/** What the statistics of `queues` say is left in one of them, or null. */
export async function whatIsLeft(scene: Scene, queues: readonly string[]): Promise<string | null> {
  for (const queue of queues) {
    const { body } = await ask(scene, "GET", `/v1/queues/${queue}`)
    const statistics = isJson(body["statistics"]) ? body["statistics"] : { ready: "no answer" }
    for (const what of ["ready", "inFlight", "delayed", "scheduled", "forwarding", "bytes"]) {
      if (statistics[what] !== 0) return `${queue} has ${JSON.stringify(statistics[what])} ${what}`
    }
  }
  return null
}

/** Ways out of queues; what is dead-lettered or redriven goes from one to another. */
const WAYS_OUT = ["acknowledged", "dropped", "expired", "removed"]

/** Whether of queues that are empty, and lead to each other only, each message left once. Answers what does not fit, or null. */
export async function unbalanced(scene: Scene, queues: readonly string[]): Promise<string | null> {
  let balance = 0
  const seen: string[] = []
  for (const queue of queues) {
    const { body } = await askUntilSure(scene, "GET", `/v1/queues/${queue}`)
    const statistics = isJson(body["statistics"]) ? body["statistics"] : {}
    balance += Number(statistics["sent"]) - WAYS_OUT.reduce((sum, way) => sum + Number(statistics[way]), 0)
    seen.push(`${queue}: ${JSON.stringify(statistics)}`)
  }
  return balance === 0 ? null : `what came in is not what left: ${seen.join("; ")}`
}

import { CALM, type Profile } from "./profile.ts"
import { Runtime } from "./runtime.ts"
import type { Frame, SimSocket } from "./sim-socket.ts"

/** The object of the queue that every scene has. */
export const QUEUE = "QUEUES/default/jobs/0"
/** Longer than anything here takes. */
export const LONG_MS = 60_000

let running: Runtime | null = null

/** Ends the scene that is on. */
export function endScene(): void {
  running?.close()
  running = null
}

/** A broker with the queue `jobs`. */
export async function startScene(profile: Profile = CALM, settings: object = {}, seed = 1): Promise<Runtime> {
  running = new Runtime(seed, profile, { trace: true })
  await running.runUntil(running.request("PUT", "/v1/queues/jobs", settings), LONG_MS)
  return running
}

/** Sends a message, and answers with the status, 0 for no answer. */
export async function send(runtime: Runtime, body: string, options: object = {}): Promise<number> {
  const answer = await runtime.request("POST", "/v1/queues/jobs/messages", { messages: [{ body, ...options }] })
  return answer?.status ?? 0
}

export async function receive(runtime: Runtime, waitMs = 0): Promise<string[]> {
  const answer = await runtime.request("POST", "/v1/queues/jobs/receive", { maxMessages: 10, waitMs })
  if (answer === null) throw new Error("no answer")
  const { messages } = answer.body as { messages: readonly { readonly body: string }[] }
  return messages.map(({ body }) => body)
}

/** How often the queue's alarm has come. */
export function alarms(runtime: Runtime): number {
  return runtime.trace.filter((line) => line.endsWith(`${QUEUE}: alarm`)).length
}

/** All frames that a socket hears from now on. */
function framesOf(socket: SimSocket): Frame[] {
  const heard: Frame[] = []
  socket.onFrames((frames) => heard.push(...frames))
  return heard
}

export async function subscribe(runtime: Runtime): Promise<{ socket: SimSocket; heard: Frame[] }> {
  const socket = await runtime.runUntil(runtime.connect(), LONG_MS)
  if (socket === null) throw new Error("no socket")
  const heard = framesOf(socket)
  socket.send({ type: "subscribe", sub: 1, queue: "jobs", credit: 10 })
  await runtime.run(100)
  return { socket, heard }
}

export const bodiesOf = (frames: readonly Frame[]): unknown[] =>
  frames.flatMap(({ messages }) => ((messages ?? []) as { body: unknown }[]).map(({ body }) => body))

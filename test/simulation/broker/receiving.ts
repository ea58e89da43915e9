import type { Settle } from "../../support/checkers/history.ts"
import { decide, HABITS, takeDelivered, takeSettled, wireVerdict, type Held, type Verdict } from "./handling.ts"
import { ask, type Asked, listOf, untilOver, type Scene } from "./scene.ts"

/** Who receives from where. */
export interface ReceiverPlan {
  readonly client: string
  readonly queue: string
  readonly habits: keyof typeof HABITS
}

const MAX_MESSAGES = 8
const WAITS_MS = [0, 200, 1_000, 3_000]
const LONG_WAIT_MS = 5_000
const VISIBILITY_MS = [1_000, 2_000, 4_000]
/** How often what has no answer is said again. */
const MAX_REPEATS = 2

/** Receives by HTTP, works, and settles, until the world is over. */
export async function runReceiver(scene: Scene, plan: ReceiverPlan): Promise<void> {
  const habits = HABITS[plan.habits]
  let attempts = 0
  await untilOver(scene, async () => {
    const held = await receive(scene, plan, {
      maxMessages: scene.random.between(1, MAX_MESSAGES),
      waitMs: plan.habits === "forgetful" ? LONG_WAIT_MS : scene.random.pick(WAITS_MS),
      visibilityTimeoutMs: scene.random.pick(VISIBILITY_MS),
      attemptId: scene.random.chance(0.5) ? `${plan.client}-${attempts++}` : null,
    })
    // now and then the work takes longer than the lease
    await scene.sleep(scene.random.between(1, scene.random.chance(0.1) ? 5_000 : 60))
    const verdicts = decide(scene, habits, held)
    for (const verdict of verdicts) await settle(scene, plan, verdict)
    const extended = verdicts.filter(({ kind }) => kind === "extend").flatMap((verdict) => verdict.held)
    if (extended.length > 0) await settle(scene, plan, { kind: "ack", ms: 0, held: extended })
  })
}

export interface ReceiveOptions {
  readonly maxMessages: number
  readonly waitMs: number
  readonly visibilityTimeoutMs: number
  /** To be repeated by, where no answer comes. */
  readonly attemptId: string | null
}

export async function receive(
  scene: Scene,
  { client, queue }: { readonly client: string; readonly queue: string },
  { maxMessages, waitMs, visibilityTimeoutMs, attemptId }: ReceiveOptions,
): Promise<Held[]> {
  const body = { maxMessages, waitMs, visibilityTimeoutMs, ...(attemptId === null ? {} : { attemptId }) }
  for (let repeat = 0; ; repeat++) {
    const asked = await ask(scene, "POST", `/v1/queues/${queue}/receive`, body, patienceFor(scene, waitMs))
    const { calledAt } = asked
    // an answer that begins while it waits may still end with a problem
    if (asked.status === 200 && Array.isArray(asked.body["messages"])) {
      const leasing = { client, queue, leasedAfter: calledAt, visibilityTimeoutMs }
      const held = takeDelivered(scene, leasing, listOf(asked.body, "messages"))
      if (held.length === 0) recordEmpty(scene, { client, queue }, asked, waitMs)
      return held
    }
    if (asked.refused) return []
    scene.recorder.add({ kind: "empty-receive", client, queue, calledAt, answeredAt: null, waitMs })
    if (attemptId === null || repeat === MAX_REPEATS) return []
    await scene.sleep(scene.random.between(10, 100))
  }
}

/** Some go away while they wait; most stay until the network gives up. */
export function patienceFor({ random }: Scene, waitMs: number): number | undefined {
  return waitMs > 0 && random.chance(0.05) ? random.between(1, waitMs) : undefined
}

/** A wait that lost its object ends before its time: then it has looked once, at some time. */
function recordEmpty(
  scene: Scene,
  who: { readonly client: string; readonly queue: string },
  { calledAt, answeredAt }: Asked,
  waitMs: number,
): void {
  const waited = answeredAt !== null && answeredAt - calledAt >= waitMs
  scene.recorder.add({ kind: "empty-receive", ...who, calledAt, answeredAt, waitMs: waited ? waitMs : 0 })
}

/** Settles, again where no answer came. */
export async function settle(
  scene: Scene,
  { client, queue }: { readonly client: string; readonly queue: string },
  verdict: Verdict,
): Promise<boolean> {
  const { operation, body } = wireVerdict(verdict, "visibilityTimeoutMs")
  for (let repeat = 0; repeat <= MAX_REPEATS; repeat++) {
    const asked = await ask(scene, "POST", `/v1/queues/${queue}/${operation}`, body)
    const results = asked.status === 200 ? listOf(asked.body, "results") : asked.refused ? asked.code : null
    takeSettled(scene, { client, queue }, verdict, asked.calledAt, results)
    if (results !== null || !mayRepeat(verdict.kind)) return results !== null
    await scene.sleep(scene.random.between(10, 200))
  }
  return false
}

/** A delay would begin anew. */
function mayRepeat(kind: Settle["kind"]): boolean {
  return kind === "ack" || kind === "reject"
}

import type { Send, SentMessage } from "../../support/checkers/history.ts"
import { ask, isUnsure, listOf, problemOf, untilOver, type Asked, type Json, type Scene } from "./scene.ts"

/** What a sender puts into its queue. */
export interface SenderPlan {
  readonly client: string
  readonly queue: string
  /** Of a `fifo` queue: message groups to choose from. */
  readonly groups: readonly string[] | null
  /** Whether messages have deduplication ids, by which sends without an answer are repeated. */
  readonly dedup: boolean
  /** Whether some are scheduled. */
  readonly scheduled: boolean
}

const MAX_MESSAGES = 5
const MAX_DELAY_MS = 2_500
const MAX_REPEATS = 4

/** Sends by HTTP until the world is over. */
export async function runSender(scene: Scene, plan: SenderPlan): Promise<void> {
  let count = 0
  let before: readonly SentMessage[] | null = null
  await untilOver(scene, async () => {
    // now and then what was sent long ago comes again
    if (plan.dedup && before !== null && scene.random.chance(0.1)) return sendOnce(scene, plan, before)
    const messages = Array.from({ length: scene.random.between(1, MAX_MESSAGES) }, () =>
      newMessage(scene, plan, count++),
    )
    before = messages
    for (let repeat = 0; repeat <= MAX_REPEATS; repeat++) {
      if (await sendOnce(scene, plan, messages)) return
      if (!plan.dedup) return
      await scene.sleep(scene.random.between(10, 300))
    }
  })
}

function newMessage({ random }: Scene, plan: SenderPlan, number: number): SentMessage {
  const value = `${plan.queue}:${plan.client}:${number}`
  return {
    value,
    group: plan.groups === null ? null : random.pick(plan.groups),
    dedupId: plan.dedup ? value : null,
    delayMs: plan.scheduled && random.chance(0.5) ? random.between(1, MAX_DELAY_MS) : 0,
  }
}

/** Answers whether it is known what became of it. */
export async function sendOnce(
  scene: Scene,
  { client, queue }: Pick<SenderPlan, "client" | "queue">,
  messages: readonly SentMessage[],
): Promise<boolean> {
  const body = { messages: messages.map(wireMessage) }
  const asked = await ask(scene, "POST", `/v1/queues/${queue}/messages`, body)
  const results = sendResults(asked, messages.length)
  const { calledAt, answeredAt } = asked
  scene.recorder.add({ kind: "send", client, queue, calledAt, answeredAt, messages, results })
  return results !== null
}

export function wireMessage({ value, group, dedupId, delayMs }: SentMessage): object {
  return {
    body: value,
    ...(group === null ? {} : { groupId: group }),
    ...(dedupId === null ? {} : { dedupId }),
    ...(delayMs === 0 ? {} : { delayMs }),
  }
}

function sendResults(asked: Asked, count: number): Send["results"] {
  if (asked.refused) return Array.from({ length: count }, () => ({ refused: asked.code }))
  return asked.status === 200 ? entryResults(listOf(asked.body, "messages")) : null
}

/** Per message its id or its refusal; null where one of them is not known. */
export function entryResults(entries: readonly Json[]): Send["results"] {
  if (entries.some(isUnsure)) return null
  return entries.map((entry) => {
    const problem = problemOf(entry)
    return problem === null ? { id: String(entry["id"]) } : { refused: problem }
  })
}

import { ask, listOf, untilOver, type Scene } from "./scene.ts"

/** What an operator looks after. */
export interface OperatorPlan {
  readonly queue: string
  /** Whose messages are sent back to where they came from; null for nobody's. */
  readonly deadLetters: string | null
}

const REST_MS = 1_500

/** Changes settings that promise nothing, deletes single messages, and sends dead letters back. */
export async function runOperator(scene: Scene, { queue, deadLetters }: OperatorPlan): Promise<void> {
  const client = `operator of ${queue}`
  await untilOver(scene, async () => {
    await scene.sleep(scene.random.between(1, REST_MS))
    const dice = scene.random.next()
    if (deadLetters !== null && dice < 0.4) return redrive(scene, client, deadLetters, queue)
    if (dice < 0.6) return pauseSending(scene, queue)
    if (dice < 0.8)
      return ask(scene, "PUT", `/v1/queues/${queue}`, { annotations: { at: String(scene.recorder.now()) } })
    return removeOne(scene, client, queue)
  })
}

async function redrive(scene: Scene, client: string, queue: string, target: string): Promise<void> {
  const { calledAt, answeredAt, refused } = await ask(scene, "POST", `/v1/queues/${queue}/redrive`, {})
  if (!refused) scene.recorder.add({ kind: "redrive", client, queue, target, calledAt, answeredAt })
}

async function pauseSending(scene: Scene, queue: string): Promise<void> {
  await ask(scene, "PUT", `/v1/queues/${queue}`, { sendingPaused: true })
  await scene.sleep(scene.random.between(1, 300))
  for (;;) {
    const { status } = await ask(scene, "PUT", `/v1/queues/${queue}`, { sendingPaused: false })
    if (status === 200) return
  }
}

async function removeOne(scene: Scene, client: string, queue: string): Promise<void> {
  const browsed = await ask(scene, "GET", `/v1/queues/${queue}/messages?limit=5`)
  const messages = listOf(browsed.body, "messages")
  if (messages.length === 0) return
  const id = String(scene.random.pick(messages)["id"])
  const { calledAt, answeredAt, refused } = await ask(scene, "DELETE", `/v1/queues/${queue}/messages/${id}`)
  if (!refused) scene.recorder.add({ kind: "remove", client, queue, ids: [id], calledAt, answeredAt })
}

import { ask, listOf, problemOf, untilOver, type Scene } from "./scene.ts"

const REST_MS = 2_000

/** An operator who moves a group to and fro. */
export async function runSeeker(scene: Scene, group: string, topic: string): Promise<void> {
  const { random } = scene
  await untilOver(scene, async () => {
    await scene.sleep(random.between(1, REST_MS))
    const to = random.pick([
      { shiftBy: -random.between(1, 20) },
      { shiftBy: random.between(1, 5) },
      "earliest",
      "latest",
    ])
    const asked = await ask(scene, "POST", `/v1/groups/${group}/seek`, { topic, to })
    if (asked.refused) return
    const { calledAt, answeredAt } = asked
    const client = `seeker of ${group}`
    const moved = listOf(asked.body, "results").filter((result) => problemOf(result) === null)
    // without an answer it may have moved any
    const partitions = answeredAt === null ? [0, 1, 2] : moved.map(({ partition }) => Number(partition))
    for (const partition of partitions) {
      scene.recorder.add({ kind: "seek", client, group, topic, partition, calledAt, answeredAt })
    }
  })
}

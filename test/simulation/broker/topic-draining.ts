import type { Habits } from "./handling.ts"
import { HttpMember } from "./http-member.ts"
import { readOnce } from "./reading.ts"
import { ask, askUntilSure, listOf, type Scene } from "./scene.ts"
import { shareOnce } from "./sharing.ts"

/** Whatever is not done by then would never be. */
const PATIENCE_MS = 120_000
/** Longer than a lock, or a member that is silent. */
const SILENCE_MS = 8_000
const ALL: Habits = { ack: 1, nack: 0, reject: 0, extend: 0 }

/** Reads all partitions from their start to their end. Answers what goes wrong with it, or null. */
export async function readAll(scene: Scene, topic: string): Promise<string | null> {
  const { body } = await askUntilSure(scene, "GET", `/v1/topics/${topic}/offsets`)
  for (const { partition, startOffset, endOffset } of listOf(body, "partitions")) {
    const plan = { client: `drain ${topic}`, topic, partition: Number(partition) }
    const startedAt = scene.recorder.now()
    let from = Number(startOffset)
    while (from < Number(endOffset)) {
      from = await readOnce(scene, plan, from, 0)
      if (scene.recorder.now() - startedAt > PATIENCE_MS)
        return `${topic}/${String(partition)} is not read past ${from}`
    }
    // nothing is there where nothing is known to be
    await readOnce(scene, plan, from, 0)
  }
  return null
}

/** Which partition of `topic` still has records, or null. */
export async function whatIsKept(scene: Scene, topic: string): Promise<string | null> {
  const { body } = await askUntilSure(scene, "GET", `/v1/topics/${topic}/offsets`)
  const kept = listOf(body, "partitions").find(({ startOffset, endOffset }) => startOffset !== endOffset)
  return kept === undefined ? null : `${topic} keeps ${JSON.stringify(kept)}`
}

/** A last member reads and commits whatever the group has left. Answers what it has left for ever, or null. */
export async function drainGroup(scene: Scene, topic: string, group: string): Promise<string | null> {
  const member = new HttpMember(scene, { client: `drain ${group}`, group, topic, instanceId: null })
  const startedAt = scene.recorder.now()
  for (;;) {
    await member.step()
    await scene.sleep(scene.random.between(1, 200))
    const left = await whatIsLeft(scene, topic, group)
    if (left === null) break
    if (scene.recorder.now() - startedAt > PATIENCE_MS) return left
  }
  await member.leave()
  return null
}

async function whatIsLeft(scene: Scene, topic: string, group: string): Promise<string | null> {
  const { body } = await ask(scene, "GET", `/v1/groups/${group}/offsets?topic=${topic}`)
  const partitions = listOf(body, "partitions")
  const behind = partitions.find(({ lag }) => lag !== 0)
  if (partitions.length > 0 && behind === undefined) return null
  return `${group} has not come to the end of ${topic}: ${JSON.stringify(behind ?? body)}`
}

/** Accepts whatever a share group has left. Answers what stays all the same, or null. */
export async function drainShare(scene: Scene, topic: string, group: string): Promise<string | null> {
  const startedAt = scene.recorder.now()
  let seenAt = startedAt
  for (;;) {
    const count = await shareOnce(scene, { client: `drain ${group}`, topic, group }, 500, 4_000, ALL)
    if (count !== 0) seenAt = scene.recorder.now()
    const left = await whatIsShared(scene, topic, group)
    if (left === null && scene.recorder.now() - seenAt > SILENCE_MS) return null
    if (scene.recorder.now() - startedAt > PATIENCE_MS) return left ?? `${group} has records without end`
  }
}

async function whatIsShared(scene: Scene, topic: string, group: string): Promise<string | null> {
  const { body } = await ask(scene, "GET", `/v1/topics/${topic}/share/${group}`)
  const partitions = listOf(body, "partitions")
  const busy = partitions.find(({ available, delayed, locked }) => available !== 0 || delayed !== 0 || locked !== 0)
  return partitions.length > 0 && busy === undefined ? null : `${group} has left ${JSON.stringify(busy ?? body)}`
}

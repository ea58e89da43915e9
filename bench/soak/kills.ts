import { setTimeout as sleep } from "node:timers/promises"
import { Random } from "../../test/simulation/random.ts"
import type { TestBroker } from "../../test/support/broker.ts"
import type { Load } from "../../test/support/crash/load.ts"
import type { SoakOptions } from "./options.ts"
import type { Kill } from "./soak.ts"

const MINUTE_MS = 60_000
/** All kills come in this part of the time: a process that was just started has had none to leak. */
const KILLED_SHARE = 0.3
/** A kill comes while queues and topics are made, so long after that began at most. */
const CATALOG_MS = 200

/** When to kill, in ms from the beginning: spread over the first part, each at random in its stretch. */
export function killTimes({ minutes, killsPerMinute, seed }: SoakOptions): readonly number[] {
  const random = new Random(seed)
  const untilMs = minutes * MINUTE_MS * KILLED_SHARE
  const count = Math.round(minutes * killsPerMinute)
  return Array.from({ length: count }, (_, index) => ((index + random.next()) * untilMs) / count)
}

/** Kills at each of the times and starts again; `nowMs` is the clock that they go by. */
export async function killAt(
  times: readonly number[],
  broker: TestBroker,
  load: Load,
  nowMs: () => number,
): Promise<readonly Kill[]> {
  const kills: Kill[] = []
  for (const [index, atMs] of times.entries()) {
    await sleep(Math.max(0, atMs - nowMs()))
    const changed = load.changeCatalog()
    await sleep((index * CATALOG_MS) / times.length)
    const killedMs = nowMs()
    load.goesDown()
    await broker.kill9()
    await broker.restart()
    const { from, until } = load.isBack()
    kills.push({ atMs: killedMs, awayMs: until - from })
    await changed
  }
  return kills
}

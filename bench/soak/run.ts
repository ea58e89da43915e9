import { setTimeout as sleep } from "node:timers/promises"
import { ownPort } from "../../test/crash/port.ts"
import { MIN_RETENTION_MS } from "../../src/core/limits.ts"
import { startTestBroker, type TestBroker } from "../../test/support/broker.ts"
import { checkLoad } from "../../test/support/crash/check-load.ts"
import { type Load, startLoad } from "../../test/support/crash/load.ts"
import { showErrors } from "../../test/support/crash/show-errors.ts"
import { killAt, killTimes } from "./kills.ts"
import { residentOfNoops } from "./noops.ts"
import type { SoakOptions } from "./options.ts"
import { setLoad } from "./rate.ts"
import { secondLine } from "./report.ts"
import type { Kill, Second, Soak } from "./soak.ts"
import { type Point, type Trend, trendOf } from "./trend.ts"
import { Watch } from "./watch.ts"

const MINUTE_MS = 60_000
/** Memory is judged from here on, and not before a process was so long at work: all of them grow at first. */
const JUDGED_FROM_SHARE = 0.5
const GROWN_UP_MS = 3 * MINUTE_MS
/** In less a trend says nothing. */
const SHORTEST_TREND_MS = 2 * MINUTE_MS
const SAY_EVERY_MS = 30_000
/** By then a process of no-ops has grown up. */
const NOOPS_MS = MINUTE_MS

/** What a soak tells while it goes on. */
type Say = (line: string) => void

/** Soaks a broker of its own; says how it goes. */
export async function soak(options: SoakOptions, say: Say): Promise<Soak> {
  const worked = await withBroker((broker) => work(broker, options, say))
  say("the same for a process of no-ops")
  return { ...worked, noopBytes: await residentOfNoops(NOOPS_MS) }
}

/** A broker on an empty folder that keeps its address when it is started again. */
async function withBroker<T>(use: (broker: TestBroker) => Promise<T>): Promise<T> {
  const broker = await startTestBroker({ port: await ownPort(), onError: showErrors })
  try {
    return await use(broker)
  } finally {
    await broker.dispose()
  }
}

async function work(broker: TestBroker, options: SoakOptions, say: Say): Promise<Omit<Soak, "noopBytes">> {
  const { minutes, seed, ratePerSecond: perSecond } = options
  let watch: Watch | null = null
  const onAnswer = (what: string, tookMs: number): void => watch?.take(what, tookMs)
  const load = await startLoad(broker, { seed, perSecond, topicRetentionMs: MIN_RETENTION_MS, onAnswer })
  const rate = await setLoad(load, perSecond)
  say(`${rate.ratePerSecond} operations/s for ${minutes} min`)
  watch = new Watch(broker, () => load.operations().total)
  const kills = await steady(watch, broker, load, options, say)
  watch.stop()
  say("draining and checking")
  await load.stop()
  await load.drain()
  const { total, unknown } = load.operations()
  return {
    minutes,
    seed,
    ...rate,
    operations: total,
    unknown,
    seconds: watch.seconds,
    kills,
    kinds: watch.kinds,
    memory: memoryOf(watch.seconds, kills, minutes * MINUTE_MS),
    violations: checkLoad(load),
  }
}

/** The time that was asked for, with its kills. */
async function steady(
  watch: Watch,
  broker: TestBroker,
  load: Load,
  options: SoakOptions,
  say: Say,
): Promise<readonly Kill[]> {
  const speaking = setInterval(() => {
    const last = watch.seconds.at(-1)
    if (last) say(secondLine(last))
  }, SAY_EVERY_MS)
  try {
    const kills = await killAt(killTimes(options), broker, load, () => watch.nowMs)
    await sleep(Math.max(0, options.minutes * MINUTE_MS - watch.nowMs))
    return kills
  } finally {
    clearInterval(speaking)
  }
}

/** The trend of the last process, or null where it was not at work for long enough. */
function memoryOf(seconds: readonly Second[], kills: readonly Kill[], lastedMs: number): Trend | null {
  const startedMs = Math.max(0, ...kills.map(({ atMs, awayMs }) => atMs + awayMs))
  const fromMs = Math.max(lastedMs * JUDGED_FROM_SHARE, startedMs + GROWN_UP_MS)
  if (lastedMs - fromMs < SHORTEST_TREND_MS) return null
  const points: readonly Point[] = seconds.flatMap(({ atMs, residentBytes }) =>
    atMs >= fromMs && residentBytes !== null ? [{ atMs, bytes: residentBytes }] : [],
  )
  return trendOf(points)
}

/**
 * A clock for the broker that a test chooses: stored databases stay as old as they are, and making them gives the same
 * bytes each time. Must be imported before the broker's own modules.
 */
import { type DurableObject, env } from "cloudflare:workers"

/** An object that was loaded, and when it is to be woken. */
interface Known {
  readonly className: string
  readonly id: string
  readonly name: string
  /** As the object sees the time; null without an alarm. */
  wakesAt: number | null
}

/** An alarm that is farther off is not for the one who waits. */
const SOON_MS = 1_000

type ObjectClass = new (ctx: DurableObjectState, env: never) => DurableObject

const { CLOCK_STOPPED_AT, CLOCK_SHIFT_MS } = env as {
  readonly CLOCK_STOPPED_AT?: string
  readonly CLOCK_SHIFT_MS?: string
}
const realNow = Date.now.bind(Date)
const known = new Map<string, Known>()
/** Of a clock that stands: it goes on when it is told to, and no alarm comes by itself, or it would matter how fast a machine is. */
let standsAt = CLOCK_STOPPED_AT === undefined ? null : Number(CLOCK_STOPPED_AT)

Date.now = () => standsAt ?? realNow() + Number(CLOCK_SHIFT_MS)
if (standsAt !== null) foresee()

/** A Worker, and the names of its bindings by class. */
interface Broker {
  readonly fetch: (request: Request, env: Bindings, ctx: ExecutionContext) => Response | Promise<Response>
  readonly bindings: Readonly<Record<string, string>>
}

type Bindings = Readonly<Record<string, DurableObjectNamespace<DurableObject & { wake(): Promise<void> }>>>

/**
 * The Worker, which besides says what objects there are (`GET /known`), moves the clock (`POST /pass?ms=`), and moves it
 * to the next alarm that is soon, where there is one (`POST /wake`).
 */
export function withClock({ fetch, bindings }: Broker): ExportedHandler<Bindings> {
  return {
    async fetch(request, environment, ctx) {
      const { pathname, searchParams } = new URL(request.url)
      if (pathname === "/known") return Response.json([...known.values()])
      if (pathname === "/wake") return Response.json({ woken: await wakeNext(environment, bindings) })
      if (pathname !== "/pass") return fetch(request, environment, ctx)
      standsAt = Date.now() + Number(searchParams.get("ms"))
      return Response.json({ now: standsAt })
    },
  }
}

/** Answers the name of the object whose alarm it was. */
async function wakeNext(environment: Bindings, bindings: Broker["bindings"]): Promise<string | null> {
  const soon = [...known.values()].filter(({ wakesAt }) => wakesAt !== null && wakesAt <= Date.now() + SOON_MS)
  const [next] = soon.sort((left, right) => left.wakesAt! - right.wakesAt!)
  if (next === undefined) return null
  const namespace = environment[bindings[next.className]!]!
  await namespace.get(namespace.idFromString(next.id)).wake()
  return next.name
}

/** A class of objects that live by the clock. */
export function onClock(className: string, Base: ObjectClass): ObjectClass {
  return class extends Base {
    readonly #known: Known

    constructor(ctx: DurableObjectState, bindings: never) {
      const id = ctx.id.toString()
      const entry = known.get(id) ?? { className, id, name: ctx.id.name ?? "", wakesAt: null }
      known.set(id, entry)
      patchAlarms(ctx.storage, entry)
      super(ctx, bindings)
      this.#known = entry
    }

    override async alarm(info?: AlarmInvocationInfo): Promise<void> {
      this.#known.wakesAt = null
      await super.alarm?.(info)
    }

    /** Moves a clock that stands to this object's alarm, and has that come. */
    async wake(): Promise<void> {
      standsAt = Math.max(Date.now(), this.#known.wakesAt ?? 0)
      await this.alarm()
    }
  }
}

/** The runtime wakes an object by its own clock. */
function patchAlarms(storage: DurableObjectStorage, entry: Known): void {
  const [set, get] = [storage.setAlarm.bind(storage), storage.getAlarm.bind(storage)]
  storage.setAlarm = async (at) => {
    entry.wakesAt = Number(at)
    if (standsAt === null) await set(Number(at) + realNow() - Date.now())
  }
  storage.getAlarm = async () => {
    if (standsAt !== null) return entry.wakesAt
    const at = await get()
    return at === null ? null : at + Date.now() - realNow()
  }
}

/** Chance that is the same each time. */
function foresee(): void {
  // each has its own, so that one that is asked more often on a slow machine does not change the others
  const [luck, byte, next] = [generator(1), generator(2), generator(3)]
  Math.random = () => luck() / 2 ** 32
  crypto.getRandomValues = <T extends ArrayBufferView>(array: T): T => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    for (let at = 0; at < bytes.length; at++) bytes[at] = byte() >>> 24
    return array
  }
  crypto.randomUUID = () => {
    const hex = Array.from({ length: 4 }, () => next().toString(16).padStart(8, "0")).join("")
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}

function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5
    return (state ^ (state >>> 13)) >>> 0
  }
}

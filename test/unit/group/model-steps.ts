import fc from "fast-check"

/** Topics that come and go. */
export const TOPICS = ["t", "u", "v1"]
/** What members may subscribe to. */
export const SUBSCRIPTIONS = [
  { topics: ["t"], patterns: [] },
  { topics: ["t", "u"], patterns: [] },
  { topics: [], patterns: ["*"] },
  { topics: ["nowhere"], patterns: ["v*"] },
]
/** Processes that may be members. */
export const PROCESSES = 5

/** What becomes of a call to a partition. */
export type Fate = "answered" | "lost" | "answer lost" | "late" | "twice"

/** What may happen next. */
export type Step =
  | { readonly type: "join"; readonly process: number; readonly subscription: number }
  | {
      readonly type: "heartbeat"
      readonly process: number
      readonly obeys: boolean
      readonly subscription: number | null
    }
  | { readonly type: "claim"; readonly process: number }
  | { readonly type: "leave"; readonly process: number }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "deliver"; readonly count: number; readonly fate: Fate }
  | { readonly type: "look up"; readonly fails: boolean }
  | { readonly type: "restart" }
  | { readonly type: "grow"; readonly topic: number; readonly by: number; readonly preserve: boolean }
  | { readonly type: "recreate"; readonly topic: number; readonly partitions: number }
  | { readonly type: "seek"; readonly topic: number }
  | { readonly type: "consume" }

const anyProcess = fc.nat(PROCESSES - 1)
const anyFate = fc.constantFrom<Fate>("answered", "answered", "answered", "lost", "answer lost", "late", "twice")

/** Anything that may happen. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("join" as const), process: anyProcess, subscription: fc.nat(3) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("heartbeat" as const),
      process: anyProcess,
      obeys: fc.boolean(),
      subscription: fc.option(fc.nat(3), { freq: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("claim" as const), process: anyProcess }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("leave" as const), process: anyProcess }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("wait" as const),
      ms: fc.constantFrom(0, 50, 200, 250, 900, 2_100, 12_000),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant("deliver" as const),
      count: fc.integer({ min: 1, max: 8 }),
      fate: anyFate,
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("look up" as const), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("restart" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("grow" as const),
      topic: fc.nat(2),
      by: fc.integer({ min: 1, max: 3 }),
      preserve: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("recreate" as const),
      topic: fc.nat(2),
      partitions: fc.integer({ min: 0, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("seek" as const), topic: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("consume" as const) }) },
)

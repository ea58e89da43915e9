import fc from "fast-check"
import type { HttpScene } from "./http.ts"
import { wildObject } from "./http-fuzz.ts"

/** Method, path, parameters of the query, body. */
export type WildOperation = readonly [string, string, readonly string[], fc.Arbitrary<unknown>]

const TOPIC = "/v1/topics/kept"
/** Has one member, with whose id `MEMBER` in a path is replaced. */
const GROUP = "/v1/groups/kept"
export const MEMBER = "MEMBER"
/** Has no members. */
const LONELY = "/v1/groups/lonely"
const SHARE = `${TOPIC}/share/shared`

/** Shapes that operations of groups have in common with others. */
interface Shapes {
  readonly settling: (options: Readonly<Record<string, fc.Arbitrary<unknown>>>) => fc.Arbitrary<unknown>
  readonly record: fc.Arbitrary<unknown>
  readonly producer: fc.Arbitrary<unknown>
  readonly retryDelay: fc.Arbitrary<unknown>
}

const nothing = fc.constant({})
const wait = fc.constantFrom(0, 1, 5)
const list = (entry: fc.Arbitrary<unknown>) => fc.array(entry, { minLength: 1, maxLength: 4 })
const duration = fc.nat(43_200_000)
const timestamp = fc.nat()
const topic = fc.constantFrom("kept", "altered", "none")
const places = list(wildObject({ topic, partition: fc.nat(2) }, ["topic", "partition"]))
const subscription = { topics: list(topic), patterns: list(fc.constantFrom("*", "k*", "none-*", "?")) }
const epoch = fc.nat(20)
const offset = fc.nat(3)
const fetched = wildObject({ topic, partition: fc.nat(2), epoch, offset }, ["topic", "partition", "epoch", "offset"])
const entry = { topic, partition: fc.nat(2), offset, metadata: fc.string() }
const REQUIRED = ["topic", "partition", "offset"]
const target = fc.oneof(
  fc.constantFrom("earliest", "latest"),
  fc.oneof(fc.constant({ offset: 1 }), wildObject({ offset })),
  wildObject({ timestamp }),
  wildObject({ shiftBy: fc.integer() }),
  wildObject({ durationMs: fc.nat() }),
)

/** Every operation of groups. */
export function groupOperations({ settling, record, producer, retryDelay }: Shapes): readonly WildOperation[] {
  const groupSettings = wildObject({
    type: fc.constantFrom("consumer", "share"),
    assignor: fc.constantFrom("uniform", "range"),
    sessionTimeoutMs: fc.integer({ min: 999, max: 1_800_001 }),
    heartbeatIntervalMs: fc.integer({ min: 99, max: 60_001 }),
    rebalanceTimeoutMs: fc.nat(3_600_001),
    autoOffsetReset: fc.oneof(fc.constantFrom("earliest", "latest", "none"), wildObject({ durationMs: fc.nat() })),
    offsetRetentionMs: fc.constantFrom(null, 0, 60_000),
    lockDurationMs: fc.nat(43_200_001),
    maxDeliveries: fc.constantFrom(null, 0, 1, 1001),
    maxLocks: fc.nat(40_001),
    ordering: fc.constantFrom("none", "key"),
    retryDelay,
    deadLetter: fc.oneof(
      wildObject({ queue: fc.constantFrom("spare", "none") }),
      wildObject({ topic }),
      fc.constant(null),
    ),
  })
  const committing = fc.oneof(
    wildObject({ offsets: fc.tuple(wildObject(entry, REQUIRED)) }, ["offsets"]),
    wildObject({ offsets: fc.tuple(wildObject({ ...entry, records: list(record), producer }, REQUIRED)) }, ["offsets"]),
    wildObject({ memberId: fc.string(), offsets: list(wildObject({ ...entry, epoch }, [...REQUIRED, "epoch"])) }, [
      "offsets",
    ]),
  )
  return [
    ["GET", "/v1/groups", ["prefix", "limit", "cursor"], nothing],
    ["PUT", "/v1/groups/altered", ["x"], groupSettings],
    ["GET", GROUP, ["x"], nothing],
    ["DELETE", "/v1/groups/none", ["x"], nothing],
    ["POST", `${GROUP}/members`, ["x"], wildObject({ ...subscription, instanceId: fc.constantFrom("a", "b", "") })],
    [
      "POST",
      `${GROUP}/members/${MEMBER}/heartbeat`,
      ["x"],
      wildObject({ owned: places, ...subscription, waitMs: wait }),
    ],
    [
      "POST",
      `${GROUP}/members/${MEMBER}/fetch`,
      ["x"],
      wildObject({ partitions: list(fetched), maxRecords: fc.nat(9), maxBytes: fc.nat(9), waitMs: wait }, [
        "partitions",
      ]),
    ],
    ["DELETE", `${GROUP}/members/none`, ["x"], nothing],
    ["GET", `${LONELY}/offsets`, ["topic"], nothing],
    ["POST", `${LONELY}/offsets`, ["x"], committing],
    [
      "POST",
      `${LONELY}/seek`,
      ["x"],
      wildObject({ topic, partitions: list(fc.nat(3)), to: target, dryRun: fc.boolean() }, ["topic", "to"]),
    ],
    ["GET", SHARE, ["x"], nothing],
    [
      "POST",
      `${SHARE}/receive`,
      ["x"],
      wildObject({ maxMessages: fc.nat(3), waitMs: wait, lockDurationMs: duration, partitions: list(fc.nat(2)) }),
    ],
    ["POST", `${SHARE}/ack`, ["x"], settling({})],
    ["POST", `${SHARE}/nack`, ["x"], settling({ delayMs: fc.nat(1000), fault: fc.boolean(), error: fc.string() })],
    ["POST", `${SHARE}/extend`, ["x"], settling({ lockDurationMs: duration })],
  ]
}

/** Creates the groups, with a member in one and locked records of another. */
export async function wildGroups(scene: HttpScene): Promise<{ member: string; receipts: string[] }> {
  const patient = { sessionTimeoutMs: 1_800_000, autoOffsetReset: "none" }
  for (const group of [GROUP, LONELY]) await scene.put(group, patient)
  const joined = await scene.post(`${GROUP}/members`, { topics: ["kept"] })
  await scene.put("/v1/groups/shared", { type: "share", lockDurationMs: 43_200_000, autoOffsetReset: "earliest" })
  const locked = await scene.post(`${SHARE}/receive`, { maxMessages: 10 })
  const { records } = locked.body as { records: { receipt: string }[] }
  const { memberId } = joined.body as { memberId: string }
  return { member: memberId, receipts: records.map(({ receipt }) => receipt) }
}

/** What requests may change of groups: where they stand, and who is in them. */
export async function groupState(scene: HttpScene): Promise<unknown> {
  const paths = ["/v1/groups/altered", GROUP, `${LONELY}/offsets?topic=kept`, SHARE]
  const [altered, group, offsets, share] = await Promise.all(paths.map((path) => scene.get(path)))
  const { members } = group!.body as { members: { memberId: string; topics: string[]; patterns: string[] }[] }
  const places = (offsets!.body as { partitions: { committedOffset: number | null }[] }).partitions
  const totals = (share!.body as { partitions: Record<string, number>[] }).partitions
  return [
    (altered!.body as { settings: object }).settings,
    members.map(({ memberId, topics, patterns }) => JSON.stringify([memberId, topics, patterns])).toSorted(inOrder),
    places.map(({ committedOffset }) => committedOffset),
    totals.map(({ delivered, accepted, dropped, endOffset }) => [delivered, accepted, dropped, endOffset]),
  ]
}

function inOrder(left: string, right: string): number {
  return left < right ? -1 : Number(left > right)
}

import { MIN_RETENTION_MS } from "../../../src/core/limits.ts"
import { Producers } from "../../../src/core/producers/producers.ts"
import { Expiry } from "../../../src/core/queue/expiry.ts"
import { Queue } from "../../../src/core/queue/queue.ts"
import { PartitionGroups } from "../../../src/core/stream/partition-groups.ts"
import { Retention } from "../../../src/core/stream/retention.ts"
import { DedupStore } from "../../../src/store/dedup-store.ts"
import { DeliveryStore } from "../../../src/store/delivery-store.ts"
import { LatestKeyStore } from "../../../src/store/latest-key-store.ts"
import { OutboxStore } from "../../../src/store/outbox-store.ts"
import { Instance } from "../runtime/instance.ts"
import { SimStorage } from "../runtime/sim-storage.ts"
import type { ProfileName } from "./profiles.ts"
import { QUIET, risky, STALE } from "./queue-kinds.ts"
import { onlyQueues, queueScenario } from "./queue-scenario.ts"
import { agingTopic, compactedTopic, groupedTopic, plainTopic, sharedTopic } from "./topic-kinds.ts"
import { onlyTopic, topicScenario } from "./topic-scenario.ts"
import type { MakeScenario } from "./world.ts"

/** A bug that is planted to see that it is noticed. */
export interface Plant {
  readonly what: string
  /** Where it shows, and under which troubles. */
  readonly scenario: MakeScenario
  readonly profile: ProfileName
  /** Rules of which one is to be seen broken. */
  readonly breaks: readonly string[]
  /** Plants it; answers what takes it out again. */
  readonly plant: () => () => void
}

export const PLANTS: readonly Plant[] = [
  {
    what: "answers leave before their commit is durable",
    scenario: queueScenario,
    profile: "crashes",
    breaks: ["lost", "delivered after ack", "leased twice", "duplicates"],
    plant: () => replace(Instance.prototype, "output", () => (leave) => leave()),
  },
  {
    what: "every third alarm is lost",
    scenario: onlyQueues(QUIET),
    profile: "calm",
    breaks: ["redelivery times", "drained"],
    plant() {
      let count = 0
      return replace(
        SimStorage.prototype,
        "setAlarm",
        (setAlarm) =>
          function (this: SimStorage, at) {
            return ++count % 3 === 0 ? Promise.resolve() : setAlarm.call(this, at)
          },
      )
    },
  },
  {
    what: "moved messages are taken without a look at what was taken before",
    scenario: onlyQueues(risky(false)),
    profile: "network",
    breaks: ["dead letters"],
    plant: () => replace(OutboxStore.prototype, "takenFrom", () => () => 0),
  },
  {
    what: "now and then what is leased from a queue is not written",
    scenario: queueScenario,
    profile: "crashes",
    breaks: ["leased twice", "delivered after ack"],
    plant: forgetDeliveries,
  },
  {
    what: "now and then what a share group locks is not written",
    scenario: onlyTopic(sharedTopic()),
    profile: "crashes",
    breaks: ["leased twice", "delivered after ack"],
    plant: forgetDeliveries,
  },
  {
    what: "deduplication ids are forgotten at a load",
    scenario: queueScenario,
    profile: "crashes",
    breaks: ["duplicates"],
    plant: () => replace(DedupStore.prototype, "all", () => () => {}),
  },
  {
    what: "a resume is told that it has all, and what it named goes back",
    scenario: queueScenario,
    profile: "sockets",
    breaks: ["leased twice"],
    plant: () =>
      replace(
        Queue.prototype,
        "giveBackOthers",
        (giveBackOthers) =>
          function (this: Queue, holder, kept, now) {
            giveBackOthers.call(this, holder, new Map(), now)
            return kept.size
          },
      ),
  },
  {
    what: "messages expire only when they are looked at",
    scenario: onlyQueues(STALE),
    profile: "calm",
    breaks: ["drained"],
    plant() {
      const before = Object.getOwnPropertyDescriptor(Expiry.prototype, "nextAt")!
      Object.defineProperty(Expiry.prototype, "nextAt", { ...before, get: () => null })
      return () => Object.defineProperty(Expiry.prototype, "nextAt", before)
    },
  },
  {
    what: "messages are too old before their time",
    scenario: onlyQueues(STALE),
    profile: "calm",
    breaks: ["lost"],
    plant: () =>
      replace(
        Expiry.prototype,
        "check",
        (check) =>
          function (this: Expiry, now) {
            return check.call(this, now + MIN_RETENTION_MS / 2)
          },
      ),
  },
  {
    what: "a partition never looks for records past their retention",
    scenario: onlyTopic(agingTopic()),
    profile: "calm",
    breaks: ["drained"],
    plant: () => replace(Retention.prototype, "nextDueAt", () => () => null),
  },
  {
    what: "whoever commits is taken for the owner",
    scenario: onlyTopic(groupedTopic(false, false)),
    profile: "calm",
    breaks: ["fenced commits"],
    plant: () => replace(PartitionGroups.prototype, "check", () => () => null),
  },
  {
    what: "members read on without regard to partitions that were added",
    scenario: onlyTopic(groupedTopic(true, false)),
    profile: "network",
    breaks: ["key order"],
    plant: () => replace(PartitionGroups.prototype, "limitOf", () => () => null),
  },
  {
    what: "an older epoch of a producer is taken",
    scenario: onlyTopic(plainTopic(false, false)),
    profile: "calm",
    breaks: ["fenced producers"],
    plant: () =>
      replace(
        Producers.prototype,
        "match",
        (match) =>
          function (this: Producers, batch, count, now) {
            const known = match.call(this, batch, count, now)
            const isFenced = !known.ok && known.error.code === "fenced"
            return isFenced ? { ok: true, value: { stored: 0, runs: [], lastAt: now } } : known
          },
      ),
  },
  {
    what: "a grant is answered and not done",
    scenario: onlyTopic(groupedTopic(false, false)),
    profile: "calm",
    breaks: ["fenced commits", "drained"],
    plant: () =>
      replace(
        PartitionGroups.prototype,
        "grant",
        (grant) =>
          function (this: PartitionGroups, request, now) {
            const { group, generation, memberId, epoch } = request
            if (memberId === null) return grant.call(this, request, now)
            return { ok: true, value: { ...this.offsetOf(group, generation), memberId, epoch } }
          },
      ),
  },
  {
    what: "appends are answered before their commit is durable",
    scenario: topicScenario,
    profile: "crashes",
    breaks: ["offsets", "unseen records", "numbered appends"],
    plant: () => replace(Instance.prototype, "output", () => (leave) => leave()),
  },
  {
    what: "compaction takes the newest record of a key for an older one",
    scenario: onlyTopic(compactedTopic()),
    profile: "calm",
    breaks: ["newest of its key"],
    plant: () =>
      replace(
        LatestKeyStore.prototype,
        "find",
        (find) =>
          function (this: LatestKeyStore, key) {
            const found = find.call(this, key)
            return found && { ...found, offset: found.offset + 1 }
          },
      ),
  },
]

function forgetDeliveries(): () => void {
  let count = 0
  return replace(
    DeliveryStore.prototype,
    "write",
    (write) =>
      function (this: DeliveryStore, changes, counters) {
        if (++count % 10 !== 0) write.call(this, changes, counters)
      },
  )
}

/** Puts a method in the place of another; answers what puts it back. */
function replace<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  make: (before: Owner[Name]) => Owner[Name],
): () => void {
  const before = owner[name]
  owner[name] = make(before)
  return () => {
    owner[name] = before
  }
}

import type { GroupSettings } from "../core/group/settings.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import type { ResumedLeases, ToObject } from "../protocol/internal/frames.ts"
import type { FrameOf } from "./client-frame.ts"
import { shareTerms } from "./group-kind.ts"
import type { Resuming, Source, Subscription } from "./subscriptions.ts"

/** What an object is told of a subscription. */
export type SubscriptionOperation = Extract<ToObject, { readonly sub: number }>

/** What a client subscribes to. */
export function sourceOf(frame: FrameOf<"subscribe-queue" | "subscribe-partition" | "subscribe-share">): Source {
  switch (frame.type) {
    case "subscribe-queue": {
      const { queue, visibilityTimeoutMs, binary } = frame
      return { kind: "queue", queue, visibilityTimeoutMs, binary }
    }
    case "subscribe-partition": {
      const { topic, partition, from, owner, binary } = frame
      return { kind: "partition", topic, partition, from, owner, binary }
    }
    case "subscribe-share": {
      const { topic, partition, group, lockDurationMs, binary } = frame
      return { kind: "share", topic, partition, group, lockDurationMs, binary }
    }
  }
}

/** The group that a subscription belongs to, or null. */
export function groupOf(source: Source): string | null {
  switch (source.kind) {
    case "queue":
      return null
    case "partition":
      return source.owner?.group ?? null
    case "share":
      return source.group
  }
}

/** How a subscription is put to its object; `group` is there where it belongs to one. */
export function subscribeOperation(
  { sub, source, credit, resuming }: Subscription,
  group: CatalogEntry<GroupSettings> | null,
): SubscriptionOperation {
  const { grantedMessages, grantedBytes } = credit
  const granted = { grantedMessages, grantedBytes }
  switch (source.kind) {
    case "queue": {
      const { visibilityTimeoutMs } = source
      const wanted = { visibilityTimeoutMs, ...granted, detached: false, attemptId: null, ...resumed(resuming) }
      return { type: "subscribe-queue", sub, ...wanted }
    }
    case "partition": {
      const operation = { type: "subscribe-partition", sub, from: source.from, ...granted } as const
      if (source.owner === null || group === null) return operation
      return { ...operation, owner: { ...source.owner, generation: group.incarnation } }
    }
    case "share": {
      const { lockDurationMs } = source
      if (group === null) throw new Error("a share subscription has a group")
      const wanted = { lockDurationMs, ...granted, detached: false, ...resumed(resuming) }
      return { type: "subscribe-share", sub, terms: shareTerms(group), ...wanted }
    }
  }
}

function resumed(resuming: Resuming | null): { readonly resume?: ResumedLeases } {
  return resuming === null ? {} : { resume: resuming.leases }
}

import type { GroupSettings } from "../core/group/settings.ts"
import type { CatalogEntry } from "../objects/contract.ts"
import type { ToObject } from "../protocol/internal/frames.ts"
import type { FrameOf } from "./client-frame.ts"
import { shareTerms } from "./group-kind.ts"
import type { Source, Subscription } from "./subscriptions.ts"

/** What an object is told of a subscription. */
export type SubscriptionOperation = Extract<ToObject, { readonly sub: number }>

/** What a client subscribes to. */
export function sourceOf(frame: FrameOf<"subscribe-queue" | "subscribe-partition" | "subscribe-share">): Source {
  switch (frame.type) {
    case "subscribe-queue":
      return { kind: "queue", queue: frame.queue, visibilityTimeoutMs: frame.visibilityTimeoutMs }
    case "subscribe-partition": {
      const { topic, partition, from, owner } = frame
      return { kind: "partition", topic, partition, from, owner }
    }
    case "subscribe-share": {
      const { topic, partition, group, lockDurationMs } = frame
      return { kind: "share", topic, partition, group, lockDurationMs }
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
  { sub, source, credit }: Subscription,
  group: CatalogEntry<GroupSettings> | null,
): SubscriptionOperation {
  const { grantedMessages, grantedBytes } = credit
  const granted = { grantedMessages, grantedBytes }
  switch (source.kind) {
    case "queue": {
      const { visibilityTimeoutMs } = source
      return { type: "subscribe-queue", sub, visibilityTimeoutMs, ...granted, detached: false, attemptId: null }
    }
    case "partition": {
      const operation = { type: "subscribe-partition", sub, from: source.from, ...granted } as const
      if (source.owner === null || group === null) return operation
      return { ...operation, owner: { ...source.owner, generation: group.incarnation } }
    }
    case "share": {
      const { lockDurationMs } = source
      if (group === null) throw new Error("a share subscription has a group")
      return { type: "subscribe-share", sub, terms: shareTerms(group), lockDurationMs, ...granted, detached: false }
    }
  }
}

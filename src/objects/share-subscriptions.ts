import { DETACHED } from "../core/delivery/types.ts"
import type { ShareConsumer } from "../core/stream/share/share.ts"
import { type Attached, type LeaseEngine, type LeaseSubscription, LeaseSubscriptions } from "./lease-subscriptions.ts"

/** A share group's subscription as it is kept in its socket's attachment, beside the readers of the partition. */
export interface ShareSubscription extends LeaseSubscription {
  /** Id of the group's state, which names the group in few bytes. */
  readonly share: number
  readonly lockDurationMs: number | null
}

/** The subscriptions of all share groups of one partition. */
export class ShareSubscriptions extends LeaseSubscriptions<ShareSubscription, ShareConsumer> {
  /** Takes over the sockets that outlived the memory; holders without one become orphans. */
  restore(sockets: readonly WebSocket[], shares: LeaseEngine<ShareConsumer>, now: number): void {
    for (const socket of sockets) {
      const attached = (socket.deserializeAttachment() as readonly object[] | null) ?? []
      for (const kept of attached) if (isOfShare(kept)) this.attach(socket, kept, shares)
    }
    this.restored(shares, now)
  }

  protected consumerFrom(subscription: ShareSubscription): ShareConsumer {
    const { sub: _, consumer, detached, ...rest } = subscription
    return { ...rest, id: consumer, holder: detached ? DETACHED : consumer }
  }

  protected subscriptionFrom({ sub, detached }: Attached, consumer: ShareConsumer): ShareSubscription {
    const { id, holder: _, ...rest } = consumer
    return { sub, consumer: id, detached, ...rest }
  }
}

/** Whether what a partition's socket has attached is of a share group. */
export function isOfShare(kept: object): kept is ShareSubscription {
  return "share" in kept
}

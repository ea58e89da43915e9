import { DETACHED } from "../core/delivery/types.ts"
import type { QueueConsumer } from "../core/queue/delivering.ts"
import type { Queue } from "../core/queue/queue.ts"
import { type Attached, type LeaseSubscription, LeaseSubscriptions } from "./lease-subscriptions.ts"
import { completeSubscription } from "./older-callers.ts"

/** A queue's subscription as it is kept in its socket's attachment. */
export interface QueueSubscription extends LeaseSubscription {
  readonly visibilityTimeoutMs: number | null
  readonly attemptId: string | null
  readonly joinedAt: number
}

/** The subscriptions of one queue. */
export class QueueSubscriptions extends LeaseSubscriptions<QueueSubscription, QueueConsumer> {
  /** Takes over the sockets that outlived the memory; holders without one become orphans. */
  restore(sockets: readonly WebSocket[], queue: Queue, now: number): void {
    for (const socket of sockets) {
      for (const subscription of attachmentOf(socket)) this.attach(socket, subscription, queue)
    }
    this.restored(queue, now)
  }

  /** Writes changed totals into the attachments. */
  save(queue: Queue): void {
    for (const socket of this.takeChanged()) socket.serializeAttachment(this.keptOf(socket, queue))
  }

  protected consumerFrom(subscription: QueueSubscription): QueueConsumer {
    const { sub: _, consumer, detached, ...rest } = subscription
    return { ...rest, id: consumer, holder: detached ? DETACHED : consumer }
  }

  protected subscriptionFrom({ sub, detached }: Attached, consumer: QueueConsumer): QueueSubscription {
    const { id, holder: _, ...rest } = consumer
    return { sub, consumer: id, detached, ...rest }
  }
}

function attachmentOf(socket: WebSocket): readonly QueueSubscription[] {
  const attached = (socket.deserializeAttachment() as readonly QueueSubscription[] | null) ?? []
  return attached.map(completeSubscription)
}

import type { Failure } from "../core/errors.ts"
import { Answers } from "./answers.ts"
import { type ParsedFrame, parseClientText } from "./client-frames.ts"
import { Committer } from "./committer.ts"
import { Links } from "./links.ts"
import { Members } from "./members.ts"
import { Numbers } from "./numbers.ts"
import { CLOSE_FENCED, type ClientPort, type SessionContext } from "./ports.ts"
import { Publisher } from "./publisher.ts"
import { PONG_FRAME } from "./server-frames.ts"
import { Settler } from "./settler.ts"
import { Subscriber } from "./subscriber.ts"
import { Subscriptions } from "./subscriptions.ts"
import { Turns } from "./turns.ts"
import { Watches } from "./watches.ts"

/** A client's socket, from its first frame to its last: what arrives is sorted by object, what objects say is joined. */
export class Session {
  readonly #client: ClientPort
  readonly #answers: Answers
  readonly #links: Links
  readonly #publisher: Publisher
  readonly #subscriber: Subscriber
  readonly #settler: Settler
  readonly #watches: Watches
  readonly #members: Members
  readonly #committer: Committer
  #closed = false

  constructor(client: ClientPort, context: SessionContext) {
    this.#client = client
    const answers = new Answers((text) => this.#send(text))
    const numbers = new Numbers()
    const turns = new Turns()
    const turnedAway = (group: string, memberId: string): void => this.#members.turnedAway(group, memberId)
    const subscriptions = new Subscriptions(numbers, (frame) => answers.reply(frame), turnedAway)
    this.#answers = answers
    this.#watches = new Watches(() => this.#links)
    this.#links = new Links(context, {
      watches: this.#watches,
      subscriptions: {
        subscriptionSaid: (frame, blob) => subscriptions.said(frame, blob),
        subscriptionRefused: (sub, failure) => this.#subscriber.refused(sub, failure),
        subscriptionLost: (sub, failure) => subscriptions.end(sub, failure),
      },
    })
    this.#publisher = new Publisher(this.#links, answers)
    this.#subscriber = new Subscriber(subscriptions, this.#links, context, answers)
    this.#settler = new Settler(subscriptions, this.#subscriber, this.#links, answers)
    const { groups } = context
    const fenced = (): void => this.#end(CLOSE_FENCED, "fenced")
    this.#members = new Members({ answers, numbers, turns, watches: this.#watches, groups, fenced })
    this.#committer = new Committer({ answers, turns, groups, turnedAway })
  }

  /** A text message came from the client. */
  receive(text: string): void {
    if (this.#closed) return
    for (const parsed of parseClientText(text)) this.#receiveFrame(parsed)
  }

  /** Refuses a message that can't be read at all. */
  refuse(failure: Failure): void {
    this.#answers.refuse(failure, { ref: null, sub: null })
  }

  /** The client is gone: with a goodbye its leases go back at once, without after a grace. */
  close(goodbye: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#members.close()
    this.#watches.close()
    this.#links.close(goodbye)
  }

  #receiveFrame(parsed: ParsedFrame): void {
    if (!parsed.ok) return this.#answers.refuse(parsed.error.failure, parsed.error.about)
    const { frame, characters } = parsed.value
    switch (frame.type) {
      case "publish-messages":
        return this.#publisher.messages(frame, characters)
      case "publish-records":
        return this.#publisher.records(frame, characters)
      case "settle-queue":
        return void this.#settler.queue(frame, characters)
      case "settle-share":
        return void this.#settler.share(frame, characters)
      case "settle-subscribed":
        return this.#settler.subscribed(frame, characters)
      case "subscribe-queue":
      case "subscribe-partition":
      case "subscribe-share":
        return this.#subscriber.subscribe(frame)
      case "credit":
        return this.#subscriber.grant(frame)
      case "unsubscribe":
        return this.#subscriber.unsubscribe(frame)
      case "join":
        return this.#members.join(frame, characters)
      case "heartbeat":
        return this.#members.heartbeat(frame, characters)
      case "leave":
        return this.#members.leave(frame, characters)
      case "commit":
        return this.#committer.commit(frame, characters)
      case "ping":
        return this.#answers.reply(PONG_FRAME)
    }
  }

  #send(text: string): void {
    if (!this.#closed) this.#client.send(text)
  }

  /** Ends the socket from this side, behind what there is to say. Leases wait as for a client that breaks off. */
  #end(code: number, reason: string): void {
    if (this.#closed) return
    this.#answers.flush()
    this.close(false)
    this.#client.close(code, reason)
  }
}

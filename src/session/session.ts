import { invalidField } from "../protocol/native/fields.ts"
import { Answers } from "./answers.ts"
import { type ParsedFrame, parseClientBytes, parseClientText } from "./client-frames.ts"
import { type Clock, SYSTEM_CLOCK } from "./clock.ts"
import { Committer } from "./committer.ts"
import { Heartbeat } from "./heartbeat.ts"
import { Links } from "./links.ts"
import { Members } from "./members.ts"
import { Numbers } from "./numbers.ts"
import { Outflow } from "./outflow.ts"
import { aboutFrame, permitFrame } from "./permissions.ts"
import {
  CLOSE_FENCED,
  CLOSE_SILENT,
  CLOSE_TOKEN_ENDED,
  CLOSE_UNREAD,
  type ClientMessage,
  type ClientPort,
  type SessionContext,
} from "./ports.ts"
import { Publisher } from "./publisher.ts"
import { Questions } from "./questions.ts"
import { type About, PONG_FRAME } from "./server-frames.ts"
import { Settler } from "./settler.ts"
import { Subscriber } from "./subscriber.ts"
import { Subscriptions } from "./subscriptions.ts"
import { atTokenEnd } from "./token-end.ts"
import { Turns } from "./turns.ts"
import { Watches } from "./watches.ts"

const NOTHING: About = { ref: null, sub: null }

/** A client's socket, from its first frame to its last: what arrives is sorted by object, what objects say is joined. */
export class Session {
  readonly #client: ClientPort
  readonly #access: SessionContext["access"]
  readonly #outflow: Outflow
  readonly #heartbeat: Heartbeat
  readonly #answers: Answers
  readonly #links: Links
  readonly #publisher: Publisher
  readonly #subscriber: Subscriber
  readonly #settler: Settler
  readonly #watches: Watches
  readonly #members: Members
  readonly #committer: Committer
  readonly #questions: Questions
  readonly #forgetTokenEnd: () => void
  #closed = false

  constructor(client: ClientPort, context: SessionContext, clock: Clock = SYSTEM_CLOCK) {
    this.#client = client
    this.#access = context.access
    const outflow = new Outflow({
      send: (message) => this.#send(message),
      unread: () => this.#cut(CLOSE_UNREAD, "answers are not read"),
    })
    const answers = new Answers(outflow)
    const numbers = new Numbers()
    const turns = new Turns()
    const turnedAway = (group: string, memberId: string): void => this.#members.turnedAway(group, memberId)
    const subscriptions = new Subscriptions(numbers, outflow, {
      turnedAway,
      granted: (subscription) => this.#subscriber.sendCredit(subscription),
    })
    this.#outflow = outflow
    this.#heartbeat = new Heartbeat(clock, {
      ping: () => outflow.ping(),
      silent: () => this.#cut(CLOSE_SILENT, "silent for too long"),
    })
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
    this.#questions = new Questions(context.openProducer, this.#links, answers)
    this.#committer = new Committer({ answers, turns, groups, turnedAway })
    this.#forgetTokenEnd = atTokenEnd(context.endsAt, clock, () => this.tokenEnded())
  }

  /** A message came from the client. */
  receive(message: ClientMessage): void {
    if (this.#closed) return
    this.#heartbeat.heard()
    const frames = typeof message === "string" ? parseClientText(message) : parseClientBytes(message)
    for (const parsed of frames) {
      this.#receiveFrame(parsed)
      if (this.#closed) return
    }
  }

  /** The client's token has ended. Its leases wait for it to come back with another. */
  tokenEnded(): void {
    this.#end(CLOSE_TOKEN_ENDED, "the token has ended")
  }

  /** The client is gone: with a goodbye its leases go back at once, without after a grace. */
  close(goodbye: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#heartbeat.stop()
    this.#forgetTokenEnd()
    this.#outflow.close()
    this.#questions.close()
    this.#members.close()
    this.#watches.close()
    this.#links.close(goodbye)
  }

  #receiveFrame(parsed: ParsedFrame): void {
    if (!parsed.ok) return this.#answers.refuse(parsed.error.failure, parsed.error.about)
    const { frame, characters } = parsed.value
    const permitted = permitFrame(this.#access, frame)
    if (!permitted.ok) return this.#answers.refuse(permitted.error, aboutFrame(frame))
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
        return this.#subscriber.subscribe(frame, characters)
      case "credit":
        return this.#subscriber.grant(frame)
      case "unsubscribe":
        return this.#subscriber.unsubscribe(frame)
      case "drain":
        return this.#subscriber.drain(frame)
      case "open-producer":
        return this.#questions.openProducer(frame, characters)
      case "describe":
        return this.#questions.describe(frame, characters)
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
      case "pong":
        return this.#read(frame.id)
    }
  }

  /** The client has read up to one of the broker's pings. */
  #read(id: number): void {
    if (this.#outflow.read(id)) return
    const { error } = invalidField("/id", "is that of no ping")
    this.#answers.refuse(error, NOTHING)
  }

  #send(message: ClientMessage): void {
    if (!this.#closed) this.#client.send(message)
  }

  /** Ends the socket from this side, behind what there is to say. Leases wait as for a client that breaks off. */
  #end(code: number, reason: string): void {
    if (this.#closed) return
    this.#outflow.finish()
    this.#cut(code, reason)
  }

  /** Likewise of a client that does not listen: nothing more is said. */
  #cut(code: number, reason: string): void {
    if (this.#closed) return
    this.close(false)
    this.#client.close(code, reason)
  }
}

import { type Access, EVERYTHING } from "../core/access/access.ts"
import { checkNeeds, checkSomewhere, type Need } from "../core/access/needs.ts"
import { commitNeeds, subscriptionNeeds } from "../core/access/uses.ts"
import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import type { ClientFrame, FrameOf } from "./client-frame.ts"
import type { About } from "./server-frames.ts"

const PERMITTED = ok(null)

/** Whether `access` covers what `frame` asks for: before anything that it names is looked up (`[A8]`). */
export function permitFrame(access: Access, frame: ClientFrame): Result<null, Failure> {
  if (access === EVERYTHING) return PERMITTED
  switch (frame.type) {
    case "publish-messages":
      return checkNeeds(access, [{ action: "produce", kind: "queue", name: frame.queue }])
    case "publish-records":
      return checkNeeds(access, [{ action: "produce", kind: "topic", name: frame.topic }])
    case "open-producer":
      return checkSomewhere(access, "produce", ["topic", "queue"])
    case "describe":
      return checkNeeds(access, [{ action: "see", kind: "topic", name: frame.topic }])
    case "subscribe-queue":
    case "settle-queue":
      return checkNeeds(access, [{ action: "consume", kind: "queue", name: frame.queue }])
    case "subscribe-partition":
      return checkNeeds(access, readerNeeds(frame))
    case "subscribe-share":
    case "settle-share":
      return checkNeeds(access, groupReaderNeeds(frame.topic, frame.group))
    case "join":
      return checkNeeds(access, [...groupNeeds(frame.group), ...newTopics(frame)])
    case "heartbeat":
      return checkNeeds(access, newTopics(frame))
    case "commit":
      return checkNeeds(access, [...groupNeeds(frame.group), ...commitNeeds(frame.offsets)])
    // what they name by its number was allowed when it began
    case "settle-subscribed":
    case "credit":
    case "drain":
    case "unsubscribe":
    case "leave":
    case "ping":
    case "pong":
      return PERMITTED
  }
}

/** What a refusal of `frame` is about. */
export function aboutFrame(frame: ClientFrame): About {
  return { ref: "ref" in frame ? frame.ref : null, sub: "sub" in frame ? frame.sub : null }
}

function readerNeeds({ topic, owner }: FrameOf<"subscribe-partition">): Need[] {
  return owner === null ? [{ action: "read", kind: "topic", name: topic }] : groupReaderNeeds(topic, owner.group)
}

function groupReaderNeeds(topic: string, group: string): Need[] {
  return [{ action: "consume", kind: "topic", name: topic }, ...groupNeeds(group)]
}

function groupNeeds(group: string): Need[] {
  return [{ action: "consume", kind: "group", name: group }]
}

function newTopics({ subscription }: FrameOf<"join" | "heartbeat">): Need[] {
  return subscription === null ? [] : subscriptionNeeds(subscription)
}

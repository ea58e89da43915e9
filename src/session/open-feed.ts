import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import { dialer, type SocketStub } from "./dial.ts"
import { type FeedStart, RecordFeed } from "./feed.ts"

/** A feed that stands, and where it begins. */
export interface OpenFeed {
  readonly feed: RecordFeed
  readonly start: FeedStart
}

/** Follows a partition from `from` on; who gets the feed stops it. */
export async function openFeed(
  stub: SocketStub,
  version: number,
  from: number | "earliest" | "latest",
): Promise<Result<OpenFeed, Failure>> {
  const feed = new RecordFeed()
  const opened = await dialer(() => stub)(version, feed)
  if (!opened.ok) return opened
  feed.start(opened.value, from)
  const start = await feed.begun
  return start.ok ? ok({ feed, start: start.value }) : start
}

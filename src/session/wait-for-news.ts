import type { Failure } from "../core/errors.ts"
import { ok, type Result } from "../core/result.ts"
import { dialer, type SocketStub } from "./dial.ts"
import { WaitingNews } from "./waiting-news.ts"

/** Watches a member of a group at its coordinator, which may sleep meanwhile. Whoever asks for it stops it. */
export async function watchMember(
  stub: SocketStub,
  version: number,
  memberId: string,
): Promise<Result<WaitingNews, Failure>> {
  const news = new WaitingNews()
  const opened = await dialer(() => stub)(version, news)
  if (!opened.ok) return opened
  news.start(opened.value, memberId)
  return ok(news)
}

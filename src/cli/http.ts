import { type ErrorCode, MillraceError, type Problem } from "../client/index.ts"
import type { Context } from "./context.ts"

/**
 * Asks the broker over HTTP for what a socket can't give. Rejects with MillraceError: that of the problem, or
 * `unavailable` where nobody answers.
 */
export async function post<T>({ settings, signal }: Context, path: string, body: unknown): Promise<T> {
  const { url, token } = settings()
  const headers = { "Content-Type": "application/json", ...authorization(token?.value) }
  const answer = await fetch(`${url.value}${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    signal,
  }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new MillraceError("unavailable", `${url.value} can't be reached`, { cause: error })
  })
  if (answer.ok) return (await answer.json()) as T
  throw await problemOf(answer)
}

function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` }
}

async function problemOf(answer: Response): Promise<MillraceError> {
  const problem = (await answer.json().catch(() => null)) as Problem | null
  if (typeof problem?.code === "string")
    return new MillraceError(problem.code as ErrorCode, problem.detail, { problem })
  return new MillraceError("internal_error", `The broker answered ${answer.status}.`)
}

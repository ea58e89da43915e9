import { MillraceError } from "../client/index.ts"
import { EXIT } from "./exit-codes.ts"
import { PartialFailure, UsageError } from "./failures.ts"
import type { ErrorReport } from "./output.ts"
import type { Settings } from "./settings.ts"

/** Codes that say that nobody was reached, or that the token is not taken. */
const UNREACHABLE = new Set(["unauthorized", "not_configured", "unavailable", "closed", "timeout"])

/** An error as it is told, with where the broker was looked for. */
export function reportOf(error: unknown, settings: Settings | null = null): ErrorReport {
  if (error instanceof MillraceError) return { code: error.code, detail: detailOf(error) + hintOf(error, settings) }
  if (error instanceof UsageError) return { code: "usage", detail: error.message }
  return { code: "failed", detail: error instanceof Error ? error.message : String(error) }
}

/** How a command that ended by `error` exits. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage
  if (error instanceof PartialFailure) return EXIT.refused
  if (error instanceof MillraceError && UNREACHABLE.has(error.code)) return EXIT.unreachable
  return EXIT.refused
}

/** The broker names the field in a member of its own. */
function detailOf({ problem, message }: MillraceError): string {
  const pointer = problem?.["pointer"]
  return typeof pointer === "string" && !message.includes(pointer) ? `${message} (${pointer})` : message
}

function hintOf({ code, problem }: MillraceError, settings: Settings | null): string {
  if (settings === null) return ""
  const { url, token } = settings
  // the broker itself may be unavailable as well, and then says so
  if (code === "unavailable" && problem === undefined) return ` (${url.value}, from ${url.source}; try millrace doctor)`
  if (code !== "unauthorized") return ""
  return token === null ? " (there is none: see --token, MILLRACE_TOKEN, profiles)" : ` (the one from ${token.source})`
}

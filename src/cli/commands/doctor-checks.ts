import { isMillraceError } from "../../client/index.ts"
import type { Context } from "../context.ts"
import { formatDuration, formatInstant } from "../units.ts"
import { roundTrip } from "./doctor-round-trip.ts"

/** What a step found out, and what to do about it. */
export interface Finding {
  readonly outcome: "ok" | "warning" | "failed" | "skipped"
  readonly detail: string
  readonly advice?: string
}

/** A step; it is skipped where one that it needs did not go well. */
export interface Check {
  readonly name: string
  readonly needs: readonly string[]
  /** What it throws is a failure. */
  readonly run: (context: Context) => Finding | Promise<Finding>
}

const OLDEST_NODE = 20
const HEALTH_WITHIN_MS = 5_000

/** In this order: each is of use only where those before went well. */
export const CHECKS: readonly Check[] = [
  { name: "node", needs: [], run: node },
  { name: "settings", needs: [], run: settings },
  { name: "broker", needs: ["settings"], run: broker },
  { name: "token", needs: ["broker"], run: token },
  { name: "socket", needs: ["token"], run: socket },
  { name: "round trip", needs: ["socket"], run: roundTrip },
]

function node(): Finding {
  const { node: version } = process.versions
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return { outcome: "ok", detail: `Node ${version}` }
  return { outcome: "failed", detail: `Node ${version}`, advice: `Install Node ${OLDEST_NODE} or later.` }
}

function settings(context: Context): Finding {
  const { url, token: secret, profile, profilesPath, warnings } = context.settings()
  const from = profile === null ? "no profile" : `profile ${profile} of ${profilesPath}`
  const known = secret === null ? "no token" : `token from ${secret.source}`
  const detail = `${url.value} from ${url.source}, ${known}, ${from}`
  if (warnings.length > 0) return { outcome: "warning", detail, advice: warnings.join("; ") }
  return { outcome: "ok", detail }
}

async function broker({ settings: settingsOf }: Context): Promise<Finding> {
  const { url } = settingsOf()
  try {
    const answer = await fetch(`${url.value}/healthz`, { signal: AbortSignal.timeout(HEALTH_WITHIN_MS) })
    await answer.arrayBuffer()
    if (answer.ok) return { outcome: "ok", detail: "answers" }
    return {
      outcome: "failed",
      detail: `answers ${answer.status} to /healthz`,
      advice:
        "Is there a Millrace broker at this address, or something else? A proxy must let /healthz and /v1 through.",
    }
  } catch (error) {
    return {
      outcome: "failed",
      detail: `${url.value} can't be reached: ${reasonOf(error)}`,
      advice: `Is it running (\`millrace start\`)? Is the URL right (it is from ${url.source})? Does a firewall or proxy stand between?`,
    }
  }
}

async function token({ admin, settings: settingsOf }: Context): Promise<Finding> {
  const secret = settingsOf().token
  try {
    await admin().queues.list({ limit: 1 })
  } catch (error) {
    if (isMillraceError(error, "unauthorized")) return refusedToken(secret)
    if (isMillraceError(error, "not_configured")) {
      return { outcome: "failed", detail: error.message, advice: "Start the broker with MILLRACE_TOKEN." }
    }
    // it may do something else
    if (!isMillraceError(error, "forbidden")) throw error
  }
  if (secret === null) return { outcome: "warning", detail: "the broker serves everyone (MILLRACE_AUTH=off)" }
  const endsAt = endOf(secret.value)
  if (endsAt === null) return { outcome: "ok", detail: "is taken, and has no end" }
  return { outcome: "ok", detail: `is taken, until ${formatInstant(endsAt)} (${formatDuration(endsAt - Date.now())})` }
}

function refusedToken(secret: { readonly value: string; readonly source: string } | null): Finding {
  if (secret === null) {
    const advice = "Give one with --token, MILLRACE_TOKEN or a profile; `millrace start` prints one for development."
    return { outcome: "failed", detail: "there is none, and the broker asks for one", advice }
  }
  const endsAt = endOf(secret.value)
  if (endsAt !== null && endsAt <= Date.now()) {
    const advice = "Make a new one: millrace token create"
    return { outcome: "failed", detail: `ended at ${formatInstant(endsAt)}`, advice }
  }
  const advice = `The broker does not know the token from ${secret.source}: is it the one of this broker?`
  return { outcome: "failed", detail: "is not taken", advice }
}

async function socket(context: Context): Promise<Finding> {
  try {
    await context.broker()
    return { outcome: "ok", detail: "opens" }
  } catch (error) {
    return {
      outcome: "failed",
      detail: `does not open: ${reasonOf(error)}`,
      advice: "HTTP works, so a proxy may be in the way: it must let `Upgrade: websocket` through to /v1/connect.",
    }
  }
}

/** The end of a token that says so itself; it is for the broker to check whether that is true. */
function endOf(token: string): number | null {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp?: unknown }
    return typeof claims.exp === "number" ? claims.exp * 1000 : null
  } catch {
    return null
  }
}

/** `fetch` hides what went wrong in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause as NodeJS.ErrnoException | undefined
  return cause?.code ?? cause?.message ?? error.message
}

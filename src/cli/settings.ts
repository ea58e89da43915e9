import { readFileSync } from "node:fs"
import { join } from "node:path"
import { UsageError } from "./failures.ts"
import { type Environment, type Profile, type ProfileFile, profilesPath, readProfiles } from "./profiles.ts"

/** What the command line says of where to go. */
export interface ConnectionFlags {
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly profile?: string | undefined
}

/** Where a setting was found, for `doctor` and for messages. */
export type Source = "flag" | "environment" | "profile" | "development" | "default"

export interface Setting<T> {
  readonly value: T
  readonly source: Source
}

/** Where to go and who to be there. */
export interface Settings {
  readonly url: Setting<string>
  /** Null where no token was found: the broker may serve everyone. */
  readonly token: Setting<string> | null
  readonly profile: string | null
  readonly profilesPath: string
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[]
}

const DEFAULT_URL = "http://127.0.0.1:8787"
const DEFAULT_PROFILE = "default"
const NO_PROFILE: Profile = {}
const HEADER_TEXT = /^[\x20-\x7e\x80-\xff]+$/
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * The flags, then the profile that a flag names, then the environment, then the profile `default`, then the default.
 * A token of a profile goes to that profile's broker only, and the one that `npm start` made only to this machine.
 * Throws a UsageError.
 */
export function resolveSettings(flags: ConnectionFlags, environment: Environment): Settings {
  const file = readProfiles(environment)
  const named = flags.profile ?? (environment["MILLRACE_PROFILE"] || undefined)
  const profile = profileNamed(named, file, environment)
  const ofProfile = { source: "profile", ...profile } as const
  const ofEnvironment = {
    source: "environment",
    url: environment["MILLRACE_URL"] || undefined,
    token: environment["MILLRACE_TOKEN"] || undefined,
  } as const
  const ofFlags = { source: "flag", ...flags } as const
  const order = flags.profile === undefined ? [ofFlags, ofEnvironment, ofProfile] : [ofFlags, ofProfile, ofEnvironment]

  const url = firstOf(order, "url") ?? { value: DEFAULT_URL, source: "default" as const }
  const checked = { ...url, value: checkedUrl(url) }
  const warnings: string[] = []
  if (file?.readableByOthers && profile !== NO_PROFILE)
    warnings.push(`others can read ${file.path}: chmod 600 ${file.path}`)
  const strange = profile.token !== undefined && !isSameBroker(profile.url ?? DEFAULT_URL, checked.value)
  if (strange) warnings.push(`the token of the profile is not used: it is for ${profile.url ?? DEFAULT_URL}`)
  const usable = strange ? order.filter(({ source }) => source !== "profile") : order
  return {
    url: checked,
    token: checkedToken(firstOf(usable, "token") ?? developmentToken(checked.value, environment)),
    profile: named ?? (file?.profiles[DEFAULT_PROFILE] === undefined ? null : DEFAULT_PROFILE),
    profilesPath: profilesPath(environment),
    warnings,
  }
}

function profileNamed(named: string | undefined, file: ProfileFile | null, environment: Environment): Profile {
  const profiles = file?.profiles ?? {}
  if (named === undefined) return profiles[DEFAULT_PROFILE] ?? NO_PROFILE
  const profile = Object.hasOwn(profiles, named) ? profiles[named] : undefined
  if (profile !== undefined) return profile
  const known = Object.keys(profiles)
  const others = known.length === 0 ? "" : `; there are ${known.join(", ")}`
  throw new UsageError(`there is no profile ${named} in ${profilesPath(environment)}${others}`)
}

function firstOf(
  places: readonly {
    readonly source: Source
    readonly url?: string | undefined
    readonly token?: string | undefined
  }[],
  member: "url" | "token",
): Setting<string> | null {
  for (const place of places) {
    const value = place[member]
    if (value !== undefined) return { value, source: place.source }
  }
  return null
}

function checkedUrl({ value, source }: Setting<string>): string {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new UsageError(
      `${JSON.stringify(value)} (${source}) is no URL of a broker: say http://host:port or https://…`,
    )
  }
  return value.replace(/\/+$/, "")
}

/** What no header can carry would look as if there were no broker. The token itself is not told: it is a secret. */
function checkedToken(token: Setting<string> | null): Setting<string> | null {
  if (token === null || HEADER_TEXT.test(token.value)) return token
  throw new UsageError(`the token (${token.source}) is empty or has what no header can carry, such as a line end`)
}

function isSameBroker(one: string, other: string): boolean {
  return URL.canParse(one) && new URL(one).origin === new URL(other).origin
}

/** What `millrace start` made for the folder, so that it can be tried without setting anything. */
function developmentToken(url: string, environment: Environment): Setting<string> | null {
  if (!LOOPBACK.test(new URL(url).hostname)) return null
  try {
    const value = readFileSync(join(environment["DATA_DIR"] || ".millrace", "token"), "utf8").trim()
    return value === "" ? null : { value, source: "development" }
  } catch {
    return null
  }
}

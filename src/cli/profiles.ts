import { readFileSync, statSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { parse } from "smol-toml"
import { UsageError } from "./failures.ts"

/** What a profile may say; anything else in it is refused, so that a typing error does not pass. */
export interface Profile {
  readonly url?: string
  readonly token?: string
}

/** The profile file as it was found. */
export interface ProfileFile {
  readonly path: string
  readonly profiles: Readonly<Record<string, Profile>>
  /** Others on this machine can read the tokens in it. */
  readonly readableByOthers: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

const OTHERS_MAY_READ = 0o077
const MEMBERS = ["url", "token"]

/** `MILLRACE_CONFIG`, or `millrace/profiles.toml` where the system keeps settings. */
export function profilesPath(environment: Environment): string {
  const given = environment["MILLRACE_CONFIG"]
  if (given) return given
  const config = environment["XDG_CONFIG_HOME"] || join(environment["HOME"] || homedir(), ".config")
  return join(config, "millrace", "profiles.toml")
}

/** The profile file, or null where there is none; throws a UsageError for one that makes no sense. */
export function readProfiles(environment: Environment): ProfileFile | null {
  const path = profilesPath(environment)
  const source = readIfThere(path)
  if (source === null) {
    if (environment["MILLRACE_CONFIG"]) throw new UsageError(`MILLRACE_CONFIG names ${path}, which can't be read`)
    return null
  }
  return { path, profiles: parseProfiles(source, path), readableByOthers: isReadableByOthers(path) }
}

/** One table for each profile; throws a UsageError that names the place. */
export function parseProfiles(source: string, path: string): Readonly<Record<string, Profile>> {
  const tables = parseToml(source, path)
  const profiles = Object.entries(tables).map(
    ([name, table]) => [name, profileOf(table, `${path}: [${name}]`)] as const,
  )
  return Object.fromEntries(profiles)
}

function parseToml(source: string, path: string): Record<string, unknown> {
  try {
    return parse(source)
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n")
    throw new UsageError(`${path}: ${reason}`)
  }
}

function profileOf(table: unknown, place: string): Profile {
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    throw new UsageError(`${place}: a profile is a table with url and token`)
  }
  for (const [member, value] of Object.entries(table)) {
    if (!MEMBERS.includes(member))
      throw new UsageError(`${place}: there is no ${member}, only ${MEMBERS.join(" and ")}`)
    if (typeof value !== "string" || value === "") throw new UsageError(`${place}: ${member} must be text`)
  }
  return table
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return null
    throw new UsageError(`${path} can't be read: ${code ?? String(error)}`)
  }
}

/** Windows has no such bits: there nothing is said. */
function isReadableByOthers(path: string): boolean {
  return process.platform !== "win32" && (statSync(path).mode & OTHERS_MAY_READ) !== 0
}

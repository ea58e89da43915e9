import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { profilesPath } from "../../../src/cli/profiles.ts"
import { type ConnectionFlags, resolveSettings, type Settings } from "../../../src/cli/settings.ts"

const PROFILES = `
[default]
url = "http://default.example"
token = "default-token"

[staging]
url = "https://staging.example/"
token = "staging-token"
`

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(source: string, mode = 0o600): string {
  const path = join(folder, "profiles.toml")
  writeFileSync(path, source)
  chmodSync(path, mode)
  return path
}

/** Neither the settings nor the development token of whoever runs the tests. */
function resolve(flags: ConnectionFlags, environment: Record<string, string> = {}): Settings {
  return resolveSettings(flags, { HOME: folder, DATA_DIR: join(folder, "data"), ...environment })
}

const found = ({ url, token }: Settings): readonly string[] => [
  `${url.value} ${url.source}`,
  token === null ? "none" : `${token.value} ${token.source}`,
]

describe("where url and token come from", () => {
  it("without anything the broker is on this machine, and there is no token", () => {
    expect(found(resolve({}))).toEqual(["http://127.0.0.1:8787 default", "none"])
  })

  it("a flag comes before the environment, that before the profile, that before the default", () => {
    const MILLRACE_CONFIG = write(PROFILES)
    expect(found(resolve({}, { MILLRACE_CONFIG }))).toEqual(["http://default.example profile", "default-token profile"])
    const environment = { MILLRACE_CONFIG, MILLRACE_URL: "http://env.example", MILLRACE_TOKEN: "env-token" }
    expect(found(resolve({}, environment))).toEqual(["http://env.example environment", "env-token environment"])
    const flags = { url: "http://flag.example", token: "flag-token" }
    expect(found(resolve(flags, environment))).toEqual(["http://flag.example flag", "flag-token flag"])
  })

  it("a profile named by a flag comes before the environment, one named by the environment does not", () => {
    const environment = { MILLRACE_CONFIG: write(PROFILES), MILLRACE_URL: "http://env.example", MILLRACE_TOKEN: "env" }
    const named = resolve({ profile: "staging" }, environment)
    expect(found(named)).toEqual(["https://staging.example profile", "staging-token profile"])
    expect(named.profile).toBe("staging")
    const chosen = resolve({}, { ...environment, MILLRACE_PROFILE: "staging" })
    expect(found(chosen)).toEqual(["http://env.example environment", "env environment"])
  })

  it("an empty variable is none", () => {
    expect(found(resolve({}, { MILLRACE_URL: "", MILLRACE_TOKEN: "", MILLRACE_PROFILE: "" }))).toEqual([
      "http://127.0.0.1:8787 default",
      "none",
    ])
  })

  it("a profile's token does not go to another broker", () => {
    const settings = resolve({ url: "http://elsewhere.example" }, { MILLRACE_CONFIG: write(PROFILES) })
    expect(found(settings)).toEqual(["http://elsewhere.example flag", "none"])
    expect(settings.warnings).toEqual(["the token of the profile is not used: it is for http://default.example"])
  })

  it("a profile without a url is for this machine", () => {
    const MILLRACE_CONFIG = write(`[default]\ntoken = "local"`)
    expect(found(resolve({}, { MILLRACE_CONFIG }))).toEqual(["http://127.0.0.1:8787 default", "local profile"])
    expect(found(resolve({ url: "http://far.example" }, { MILLRACE_CONFIG }))[1]).toBe("none")
  })

  it("the development token is for this machine only", () => {
    mkdirSync(join(folder, "data"))
    writeFileSync(join(folder, "data", "token"), "dev-token\n")
    expect(found(resolve({}))[1]).toBe("dev-token development")
    expect(found(resolve({ url: "http://localhost:9000" }))[1]).toBe("dev-token development")
    expect(found(resolve({ url: "http://10.0.0.1:8787" }))[1]).toBe("none")
  })

  it.each(["localhost:8787", "ftp://host", "", "ws://host"])("%j is no URL of a broker", (url) => {
    expect(() => resolve({ url })).toThrow(/is no URL of a broker/)
  })
})

describe("a token", () => {
  it.each(["", "two\nlines", "smile \u{1f642}"])("%j is refused, and not told", (token) => {
    expect(() => resolve({ token })).toThrow(/^the token \(flag\) is empty or has what no header can carry/)
  })

  it("may have what a header may", () => {
    expect(resolve({ token: "with spaces and umlauts: \u{fc}" }).token?.source).toBe("flag")
  })
})

describe("the profile file", () => {
  it("is where the system keeps settings, unless it is named", () => {
    expect(profilesPath({ HOME: "/home/anna" })).toBe("/home/anna/.config/millrace/profiles.toml")
    expect(profilesPath({ HOME: "/home/anna", XDG_CONFIG_HOME: "/xdg" })).toBe("/xdg/millrace/profiles.toml")
    expect(profilesPath({ MILLRACE_CONFIG: "/own.toml" })).toBe("/own.toml")
  })

  it("that others can read is worth a warning", () => {
    const MILLRACE_CONFIG = write(PROFILES, 0o644)
    expect(resolve({}, { MILLRACE_CONFIG }).warnings).toEqual([
      `others can read ${MILLRACE_CONFIG}: chmod 600 ${MILLRACE_CONFIG}`,
    ])
    expect(resolve({}, { MILLRACE_CONFIG: write(PROFILES) }).warnings).toEqual([])
  })

  it.each([
    [`[default`, /profiles\.toml: /],
    [`[default]\nulr = "x"`, /\[default\]: there is no ulr, only url and token/],
    [`[default]\ntoken = 5`, /\[default\]: token must be text/],
    [`url = "http://x"`, /\[url\]: a profile is a table/],
  ])("refuses %j and says where", (source, message) => {
    const MILLRACE_CONFIG = write(source)
    expect(() => resolve({}, { MILLRACE_CONFIG })).toThrow(message)
  })

  it("must be there where it is named, and so must the profile", () => {
    expect(() => resolve({}, { MILLRACE_CONFIG: join(folder, "none.toml") })).toThrow(/can't be read/)
    const MILLRACE_CONFIG = write(PROFILES)
    expect(() => resolve({ profile: "prod" }, { MILLRACE_CONFIG })).toThrow(/no profile prod.*default, staging/)
    expect(() => resolve({ profile: "constructor" }, { MILLRACE_CONFIG })).toThrow(/no profile constructor/)
  })
})

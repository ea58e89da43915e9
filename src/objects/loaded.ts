import { CorruptError } from "../core/bytes/corrupt.ts"
import type { Failure } from "../core/errors.ts"
import { reading } from "../store/damage.ts"
import type { Identity } from "../store/identity-store.ts"

/** What an object knows of its storage. Without an engine it serves nothing, and `damage` says why where it is that. */
export interface Loaded<Engine> {
  readonly engine: Engine | null
  readonly identity: Identity | null
  readonly damage: Failure | null
}

/** A step of an earlier life, or one of a life that was ended. */
export function isOutdated(identity: Identity, incarnation: number): boolean {
  return identity.incarnation > incarnation || (identity.state === "destroyed" && identity.incarnation === incarnation)
}

/** The settings that an object was given, as JSON of its own kind. */
export function parseSettings<Settings>({ settings }: Identity): Settings {
  return reading("the settings", () => {
    try {
      return JSON.parse(settings) as Settings
    } catch {
      throw new CorruptError("settings that are no JSON")
    }
  })
}

/** The refusal of a step of an earlier life. */
export function outdated(incarnation: number): Failure {
  return { code: "conflict", detail: `step ${incarnation} belongs to an earlier life of this name` }
}

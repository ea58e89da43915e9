import type { Admin, Client } from "../client/index.ts"
import type { Output } from "./output.ts"
import type { Environment } from "./profiles.ts"
import type { Settings } from "./settings.ts"

/** What a command works with. */
export interface Context {
  readonly output: Output
  readonly environment: Environment
  readonly stdin: NodeJS.ReadStream
  /** Aborted when the user or the system ends the command, and when nobody reads its output. */
  readonly signal: AbortSignal
  /** Where to go; throws a UsageError where flags, environment and profiles make no sense. */
  readonly settings: () => Settings
  /** Aborted some seconds after `signal`: until then a command may put away what it made. */
  readonly deadline: AbortSignal
  /** Administration over HTTP, whose requests end with `until`; `signal` where it is left out. */
  readonly admin: (until?: AbortSignal) => Admin
  /** A connection, made once; it is closed when the command ends. */
  readonly broker: () => Promise<Client>
}

import type { GenericSchema } from "valibot"
import type { Action, Kind } from "../core/access/rights.ts"
import type { ErrorCode, Failure } from "../core/errors.ts"
import type { Result } from "../core/result.ts"
import type { Scope } from "./env.ts"

/** One request on its way to its operation: the caller is known and the names in the path are valid. */
export interface Call extends Scope {
  readonly request: Request
  readonly params: Readonly<Record<string, string>>
}

/** What an operation takes as its body. */
export interface BodyDescription {
  readonly schema: GenericSchema
  /** Whether the body may be left out. */
  readonly optional?: true
  /** Whether any other content type is taken as it is. */
  readonly raw?: true
}

/** What an operation answers with a status, null for an empty body. */
export interface ResponseDescription {
  readonly description: string
  readonly schema: GenericSchema | null
  /** Media types that it is answered in besides JSON, where the request asks for one. */
  readonly otherTypes?: readonly string[]
}

/** Who may call an operation: the table of `docs/spec/access.md`. */
export type Demand =
  /** Anyone, without a token. */
  | "nothing"
  /** Whoever has a token: what that allows is asked for each thing that is said later. */
  | "token"
  /** Whoever has the root secret. */
  | "root"
  /** Whose token allows an action on some name of one of these kinds. */
  | { readonly somewhere: Action; readonly kinds: readonly Kind[] }
  /** Whose token allows these actions on the names that stand in the path as `:queue`, `:topic` and `:group`. */
  | { readonly [kind in Kind]?: Action }

/** One operation of the HTTP API: mounted by `app.ts`, described in `openapi.json`. */
export interface Operation {
  /** Stable name, as clients generated from the description call it. */
  readonly id: string
  readonly method: "GET" | "PUT" | "POST" | "DELETE"
  /** With `:name` for a part that varies. */
  readonly path: string
  readonly tag: "queues" | "topics" | "groups" | "sockets" | "tokens" | "system"
  readonly summary: string
  /** What is asked of the caller before anything else. Names in a query or body are for `handle` to ask for. */
  readonly demand: Demand
  /** A schema of strings, or null where no query is taken. */
  readonly query: GenericSchema | null
  readonly body: BodyDescription | null
  readonly responses: Readonly<Record<number, ResponseDescription>>
  /** Refusals beyond those of every operation. */
  readonly failures: readonly ErrorCode[]
  readonly handle: (call: Call) => Promise<Result<Response, Failure>>
}

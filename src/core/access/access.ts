import { compilePattern } from "../group/glob.ts"
import { type Action, ACTIONS, type Kind, patternsFor, type Rights } from "./rights.ts"

/** Rights, made ready to be asked of many names. */
export interface Access {
  /** Null for every name. */
  readonly patterns: (action: Action, kind: Kind) => readonly string[] | null
  /** Whether `action` is allowed on `name`; where that is a pattern, on every name that matches it (`[A10]`). */
  readonly allows: (action: Action, kind: Kind, name: string) => boolean
}

type Matcher = (name: string) => boolean
type Kinds = Record<Kind, { readonly patterns: readonly string[]; readonly matches: Matcher }>

/** Who may do everything. */
export const EVERYTHING: Access = { patterns: () => null, allows: () => true }

/** Whether `rights` allow `action` on `name`. */
export function allows(rights: Rights, action: Action, kind: Kind, name: string): boolean {
  return accessOf(rights).allows(action, kind, name)
}

/** What `rights` allow. */
export function accessOf(rights: Rights): Access {
  if (rights === null) return EVERYTHING
  const kindsOf = (action: Action): Kinds => ({
    queue: namesOf(patternsFor(rights, action, "queue")),
    topic: namesOf(patternsFor(rights, action, "topic")),
    group: namesOf(patternsFor(rights, action, "group")),
  })
  const [read, produce, consume, manage] = ACTIONS.map(kindsOf) as [Kinds, Kinds, Kinds, Kinds]
  const actions: Record<Action, Kinds> = { read, produce, consume, manage }
  return {
    patterns: (action, kind) => actions[action][kind].patterns,
    allows: (action, kind, name) => actions[action][kind].matches(name),
  }
}

function namesOf(patterns: readonly string[]): Kinds[Kind] {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")))
  const globs = patterns.filter((pattern) => pattern.includes("*")).map(compilePattern)
  // a pattern's own * is no character of a name: only another * takes it in, and with it whatever it stands for
  return { patterns, matches: (name) => exact.has(name) || globs.some((matches) => matches(name)) }
}

/** What may be done: look, put in, take out, and change or destroy. None of them includes another. */
export const ACTIONS = ["read", "produce", "consume", "manage"] as const
export type Action = (typeof ACTIONS)[number]

/** What has names of its own, and with that rights to them. */
export type Kind = "queue" | "topic" | "group"

/** Actions on names: each a name, or a pattern in which `*` stands for any characters. */
export interface Right {
  readonly actions: readonly Action[]
  readonly queues: readonly string[]
  readonly topics: readonly string[]
  readonly groups: readonly string[]
}

/** What a token allows within its namespace; null for everything. */
export type Rights = readonly Right[] | null

/** The names and patterns under which `rights` allow `action` on names of `kind`. */
export function patternsFor(rights: readonly Right[], action: Action, kind: Kind): readonly string[] {
  return rights.filter(({ actions }) => actions.includes(action)).flatMap((right) => namesOf(right, kind))
}

function namesOf(right: Right, kind: Kind): readonly string[] {
  switch (kind) {
    case "queue":
      return right.queues
    case "topic":
      return right.topics
    case "group":
      return right.groups
  }
}

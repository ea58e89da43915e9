import type { InferOutput } from "valibot"
import type { GroupDescription } from "../../core/group/commands.ts"
import type { GroupSettings, ShareDeadLetter } from "../../core/group/settings.ts"
import type { CatalogEntry } from "../../objects/contract.ts"
import type { groupPatchSchema } from "./settings-schemas.ts"

type GroupPatch = InferOutput<typeof groupPatchSchema>

/** A group as its owner sees it: without the numbers that only objects need. */
export function groupView({ name, settings, createdAt, updatedAt }: CatalogEntry<GroupSettings>) {
  return { name, settings: { ...settings, deadLetter: targetView(settings.deadLetter) }, createdAt, updatedAt }
}

/** Who is in a group, and what they have. */
export function descriptionView({ epoch, state, members, topics }: GroupDescription) {
  return {
    epoch,
    state,
    members: members.map(({ subscription, ...member }) => ({ ...member, ...subscription })),
    topics,
  }
}

/** Settings as the catalog takes them. */
export function groupPatch({ deadLetter, ...patch }: GroupPatch): Partial<GroupSettings> {
  return deadLetter === undefined ? patch : { ...patch, deadLetter: targetOf(deadLetter) }
}

function targetOf(deadLetter: NonNullable<GroupPatch["deadLetter"]> | null): ShareDeadLetter | null {
  if (deadLetter === null) return null
  return "queue" in deadLetter ? { kind: "queue", ...deadLetter } : { kind: "topic", ...deadLetter }
}

function targetView(target: ShareDeadLetter | null): { readonly queue: string } | { readonly topic: string } | null {
  if (target === null) return null
  return target.kind === "queue" ? { queue: target.queue } : { topic: target.topic }
}

import type { Growth } from "../stream/settings.ts"
import type { StoredAssignment } from "./coordination.ts"
import { type Begin, Slot, type SlotState, Topic } from "./topic.ts"

/** What the JSON of an assignment holds. */
interface StoredTopic {
  readonly version: number
  readonly growths: readonly Growth[]
  readonly passed: number
  readonly slots: readonly StoredSlot[]
}

type StoredSlot = { readonly epoch: number; readonly begin: Begin } & SlotState

/** A topic as it is stored. */
export function encodeTopic({ name, incarnation, version, growths, passed, slots }: Topic): StoredAssignment {
  const stored: StoredTopic = {
    version,
    growths,
    passed,
    slots: slots.map(({ epoch, begin, state }): StoredSlot => ({ epoch, begin, ...state })),
  }
  return { topic: name, incarnation, partitions: JSON.stringify(stored) }
}

/** The reverse of `encodeTopic`. */
export function decodeTopic({ topic: name, incarnation, partitions }: StoredAssignment): Topic {
  const { version, growths, passed, slots } = JSON.parse(partitions) as StoredTopic
  const topic = new Topic(name, incarnation, version, growths)
  topic.passed = passed
  for (const [index, { epoch, begin, ...state }] of slots.entries()) {
    topic.slots.push(new Slot(topic, index, begin, epoch, state))
  }
  return topic
}

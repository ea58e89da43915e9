import type { Answers } from "./answers.ts"
import type { FrameOf } from "./client-frame.ts"
import type { GroupCalls } from "./ports.ts"
import { commitResultsJson } from "../protocol/native/offset-commits.ts"
import { committedFrame, errorFrame } from "./server-frames.ts"
import { placeKey } from "./assignment.ts"
import { commitPrefix, type Turns } from "./turns.ts"

/** What commits need of the session that they belong to. */
export interface CommitHost {
  readonly answers: Answers
  readonly turns: Turns
  readonly groups: GroupCalls
  /** A partition said that it is not this member's. */
  readonly turnedAway: (group: string, memberId: string) => void
}

/** Commits offsets, those of one partition in their order. */
export class Committer {
  readonly #host: CommitHost

  constructor(host: CommitHost) {
    this.#host = host
  }

  commit({ ref, group, memberId, offsets }: FrameOf<"commit">, characters: number): void {
    const { answers, turns, groups, turnedAway } = this.#host
    const answer = answers.expect({ ref, sub: null }, characters)
    if (answer === null) return
    const prefix = commitPrefix(group, memberId)
    const keys = offsets.map((place) => `${prefix}${placeKey(place)}`)
    turns.run(keys, async () => {
      const committed = await groups.commit(group, { memberId, offsets })
      if (!committed.ok) return answer(errorFrame(committed.error, { ref, sub: null }))
      answer(committedFrame(ref, commitResultsJson(offsets, committed.value)))
      const isFenced = committed.value.some((outcome) => !outcome.ok && outcome.error.code === "fenced")
      if (isFenced && memberId !== null) turnedAway(group, memberId)
    })
  }
}

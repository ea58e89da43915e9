import type { Failure } from "../core/errors.ts"
import type { MemberView } from "../core/group/commands.ts"
import { MAX_SOCKET_MEMBERS } from "../core/limits.ts"
import { err, ok, type Result } from "../core/result.ts"
import { invalidField } from "../protocol/native/fields.ts"
import type { Answer, Answers } from "./answers.ts"
import { Assignment } from "./assignment.ts"
import type { FrameOf } from "./client-frame.ts"
import { aliveFrame, assignmentFrame, joinedFrame, leftFrame } from "./member-frames.ts"
import type { Numbers } from "./numbers.ts"
import type { GroupCalls } from "./ports.ts"
import { errorFrame } from "./server-frames.ts"
import { commitPrefix, memberKey, type Turns } from "./turns.ts"
import { type Commits, lateCommits } from "./late-commits.ts"
import type { Watch, Watches } from "./watches.ts"

/** A member that joined over this socket; its number is the client's. */
interface Member {
  readonly sub: number
  readonly group: string
  readonly memberId: string
  /** Keeps what is said of it in order. */
  readonly key: string
  readonly assignment: Assignment
  state: "in" | "leaving" | "over"
  /** A leave had no answer: that the member is out may be its doing. */
  mayHaveLeft: boolean
  /** News wait for their turn. */
  isLooking: boolean
  watch: Watch | null
}

/** What members need of the session that they belong to. */
export interface MemberHost {
  readonly answers: Answers
  readonly numbers: Numbers
  readonly turns: Turns
  readonly watches: Watches
  readonly groups: GroupCalls
  /** A member is out against its client's will: whoever comes next has its partitions. */
  readonly fenced: () => void
}

/** The members of groups that a client has joined over its socket. */
export class Members {
  readonly #host: MemberHost
  readonly #bySub = new Map<number, Member>()
  #closed = false

  constructor(host: MemberHost) {
    this.#host = host
  }

  /** Begins a member, or goes on as one that was here before its socket broke. */
  join(frame: FrameOf<"join">, characters: number): void {
    const { sub, group, instanceId } = frame
    const { answers, groups, turns } = this.#host
    const added = this.#add(frame)
    if (!added.ok) return answers.refuse(added.error, { ref: null, sub })
    const member = added.value
    const answer = answers.expect({ ref: null, sub }, characters)
    if (answer === null) return this.#end(member)
    const { memberId } = member
    turns.run([member.key], async () => {
      const joined = await askToJoin(groups, frame, memberId)
      this.#joined(member, joined, answer)
      const isNew = instanceId === null && frame.memberId === null
      // nobody will ever speak for it
      if (member.state === "over" && mayBeDone(joined) && isNew) await groups.leave(group, memberId)
    })
  }

  heartbeat({ sub, owned, subscription }: FrameOf<"heartbeat">, characters: number): void {
    const { groups } = this.#host
    const commits = this.#unfinished(sub)
    this.#inTurn(sub, characters, async (member, answer) => {
      const { group, memberId, assignment } = member
      const kept = owned === null ? null : [...owned, ...(await lateCommits(commits, owned))]
      const view = await groups.heartbeat(group, { memberId, owned: kept, subscription })
      if (kept !== null) assignment.gaveUp(kept)
      this.#heard(member, view, answer)
    })
  }

  leave({ sub }: FrameOf<"leave">, characters: number): void {
    const { groups } = this.#host
    const commits = this.#unfinished(sub)
    const leaving = this.#inTurn(sub, characters, async (member, answer) => {
      await Promise.all(commits.values())
      const left = await groups.leave(member.group, member.memberId)
      if (left.ok || isOut(left.error)) {
        this.#end(member)
        return answer(leftFrame(sub))
      }
      member.state = "in"
      member.mayHaveLeft = true
      answer(errorFrame(left.error, { ref: null, sub }))
    })
    if (leaving !== null) leaving.state = "leaving"
  }

  /** A partition turned a member away, which is told so by its coordinator where it is one of these and out. */
  turnedAway(group: string, memberId: string): void {
    for (const member of this.#bySub.values()) {
      if (member.group === group && member.memberId === memberId) this.#look(member)
    }
  }

  /** The socket is over; its members stay in their groups until their sessions end. */
  close(): void {
    this.#closed = true
    for (const member of this.#bySub.values()) member.state = "over"
    this.#bySub.clear()
  }

  #add({ sub, group, memberId: known }: FrameOf<"join">): Result<Member, Failure> {
    if (known !== null && this.#has(group, known)) return invalidField("/memberId", "is a member over this socket")
    if (this.#bySub.size >= MAX_SOCKET_MEMBERS) {
      return err({ code: "invalid_request", detail: `at most ${MAX_SOCKET_MEMBERS} members on a socket` })
    }
    const taken = this.#host.numbers.take(sub)
    if (!taken.ok) return taken
    const memberId = known ?? crypto.randomUUID()
    const member: Member = {
      sub,
      group,
      memberId,
      key: memberKey(group, memberId),
      assignment: new Assignment(),
      state: "in",
      mayHaveLeft: false,
      isLooking: false,
      watch: null,
    }
    this.#bySub.set(sub, member)
    return ok(member)
  }

  #has(group: string, memberId: string): boolean {
    return [...this.#bySub.values()].some((member) => member.group === group && member.memberId === memberId)
  }

  /** The commits of a member that were said before and are not done. */
  #unfinished(sub: number): Commits {
    const member = this.#bySub.get(sub)
    return member === undefined ? new Map() : this.#host.turns.unfinished(commitPrefix(member.group, member.memberId))
  }

  /** Does something for a member behind all that was said of it before; the member, or null where it was refused. */
  #inTurn(sub: number, characters: number, step: (member: Member, answer: Answer) => Promise<void>): Member | null {
    const { answers, turns } = this.#host
    const member = this.#bySub.get(sub)
    if (member?.state !== "in") {
      answers.refuse(noMember(), { ref: null, sub })
      return null
    }
    const answer = answers.expect({ ref: null, sub }, characters)
    if (answer === null) return null
    turns.run([member.key], async () => {
      if (member.state === "over") answer(errorFrame(noMember(), { ref: null, sub }))
      else await step(member, answer)
    })
    return member
  }

  #joined(member: Member, joined: Result<MemberView, Failure>, answer: Answer): void {
    const { sub, group, memberId, assignment } = member
    if (!joined.ok) {
      this.#end(member)
      return answer(errorFrame(joined.error, { ref: null, sub }))
    }
    answer(joinedFrame(sub, joined.value))
    const news = assignment.news(joined.value)
    if (news !== null) this.#host.answers.reply(assignmentFrame(sub, news))
    if (member.state === "over") return
    member.watch = this.#host.watches.start(group, memberId, {
      changed: () => this.#look(member),
      gone: (failure) => this.#out(member, failure, null),
    })
  }

  /** Asks how a member stands; what changes until its turn comes is one look. */
  #look(member: Member): void {
    if (member.isLooking || member.state === "over") return
    member.isLooking = true
    const { turns, groups, watches } = this.#host
    turns.run([member.key], async () => {
      member.isLooking = false
      if (member.state === "over") return
      const view = await groups.member(member.group, member.memberId)
      this.#heard(member, view, null)
      if (member.watch === null) return
      if (view.ok) member.watch.failures = 0
      else watches.failed(member.watch)
    })
  }

  /** Passes on how a member stands; `answer` is what waits for it, or null. */
  #heard(member: Member, view: Result<MemberView, Failure>, answer: Answer | null): void {
    const { sub, state, assignment } = member
    if (!view.ok) {
      if (isOut(view.error)) return this.#out(member, view.error, answer)
      return answer?.(errorFrame(view.error, { ref: null, sub }))
    }
    const news = state === "over" ? null : assignment.news(view.value)
    const say = answer ?? ((frame: string) => this.#host.answers.reply(frame))
    if (news !== null) say(assignmentFrame(sub, news))
    else answer?.(aliveFrame(sub))
  }

  #out(member: Member, failure: Failure, answer: Answer | null): void {
    const { sub, state, mayHaveLeft } = member
    const about = { ref: null, sub }
    if (state === "over" || state === "leaving") return answer?.(errorFrame(failure, about))
    this.#end(member)
    answer?.(errorFrame(failure, about))
    if (mayHaveLeft) return this.#host.answers.reply(leftFrame(sub))
    if (answer === null) this.#host.answers.refuse(failure, about)
    this.#host.fenced()
  }

  #end(member: Member): void {
    const { sub, watch } = member
    member.state = "over"
    if (watch !== null) this.#host.watches.stop(watch)
    if (this.#closed || this.#bySub.get(sub) !== member) return
    this.#bySub.delete(sub)
    this.#host.numbers.free(sub)
  }
}

/** Who goes on as the member that it was is heard like one that never broke off, and told all that it has. */
function askToJoin(
  groups: GroupCalls,
  { group, instanceId, memberId: known, subscription }: FrameOf<"join">,
  memberId: string,
): Promise<Result<MemberView, Failure>> {
  if (known !== null || subscription === null) return groups.heartbeat(group, { memberId, owned: null, subscription })
  return groups.join(group, { memberId, instanceId, subscription })
}

/** Whether a call that failed may have been carried out, or one that went well was. */
function mayBeDone(result: Result<unknown, Failure>): boolean {
  return result.ok || result.error.code === "unavailable"
}

function isOut(failure: Failure): boolean {
  return failure.code === "not_found" && (failure.resource === "member" || failure.resource === "group")
}

function noMember(): Failure {
  return invalidField("/sub", "is the number of no member").error
}

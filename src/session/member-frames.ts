import type { MemberView } from "../core/group/commands.ts"
import { memberView } from "../protocol/native/member-json.ts"
import type { AssignmentNews } from "./assignment.ts"

/** The client's member `sub` is in its group. */
export function joinedFrame(sub: number, { memberId, heartbeatIntervalMs, sessionTimeoutMs }: MemberView): string {
  return JSON.stringify({ type: "joined", sub, memberId, heartbeatIntervalMs, sessionTimeoutMs })
}

/** What the member has now: `lost` is to be read before `assigned`, as it may hold the same partition anew. */
export function assignmentFrame(sub: number, { view, lost }: AssignmentNews): string {
  const { epoch, assigned, revoked, waiting } = memberView(view)
  return JSON.stringify({ type: "assignment", sub, epoch, assigned, revoked, lost, waiting })
}

/** A heartbeat was heard, and nothing has changed. */
export function aliveFrame(sub: number): string {
  return `{"type":"alive","sub":${sub}}`
}

/** The member has left its group. */
export function leftFrame(sub: number): string {
  return `{"type":"left","sub":${sub}}`
}

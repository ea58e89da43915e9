import { type Chances, type Delays, type FaultKind, profileOf, type Profile } from "../runtime/profile.ts"

/** What is wrong with a world, and how often. */
export interface Troubles {
  readonly profile: Profile
  /** What the profile is for: each must have happened by the end of a run of its seeds. */
  readonly faults: readonly (FaultKind | "powerCut")[]
  /** How often all power is cut; null for never. */
  readonly powerCutEveryMs: number | null
  /** How often a wall clock is set anew; null for never. */
  readonly clockJumpEveryMs: number | null
}

const NETWORK: Partial<Chances> = {
  lostRequest: 0.02,
  lostAnswer: 0.02,
  lostCall: 0.02,
  lostReply: 0.02,
  overloaded: 0.01,
  slow: 0.02,
}
const CRASHES: Partial<Chances> = {
  crash: 0.006,
  evict: 0.05,
  failCommit: 0.006,
  endWorker: 0.002,
  repeatAlarm: 0.1,
  pause: 0.002,
}
const SOCKETS: Partial<Chances> = { cutClientSocket: 0.01, cutObjectSocket: 0.01, evict: 0.05, slow: 0.01 }
const LATE_ALARMS: Partial<Delays> = { alarmLateMs: [0, 400], slowMs: [50, 900], pauseMs: [50, 900] }

export const PROFILE_NAMES = ["calm", "network", "crashes", "clock", "sockets", "everything"] as const

export type ProfileName = (typeof PROFILE_NAMES)[number]

export const PROFILES: Readonly<Record<ProfileName, Troubles>> = {
  calm: troubles({}),
  network: troubles(NETWORK),
  crashes: troubles(CRASHES, { powerCutEveryMs: 8_000 }),
  clock: troubles({ evict: 0.05, repeatAlarm: 0.1, crash: 0.001 }, { clockJumpEveryMs: 3_000 }),
  sockets: troubles(SOCKETS),
  everything: troubles(
    { ...halved(NETWORK), ...halved(CRASHES), ...halved(SOCKETS) },
    { powerCutEveryMs: 15_000, clockJumpEveryMs: 10_000 },
  ),
}

function troubles(
  chances: Partial<Chances>,
  { powerCutEveryMs = null, clockJumpEveryMs = null }: Partial<Troubles> = {},
): Troubles {
  const faults = Object.keys(chances) as FaultKind[]
  return {
    profile: profileOf(chances, faults.length === 0 ? {} : LATE_ALARMS),
    faults: [
      ...faults,
      ...(powerCutEveryMs === null ? [] : (["powerCut"] as const)),
      ...(clockJumpEveryMs === null ? [] : (["clockJump"] as const)),
    ],
    powerCutEveryMs,
    clockJumpEveryMs,
  }
}

function halved(chances: Partial<Chances>): Partial<Chances> {
  return Object.fromEntries(Object.entries(chances).map(([kind, chance]) => [kind, chance / 2]))
}

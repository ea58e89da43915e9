/** From the least to the most, in milliseconds; each draw lies anywhere between. */
export type RangeMs = readonly [least: number, most: number]

/** How long things take. */
export interface Delays {
  /** One way between a client and its Worker. */
  readonly clientMs: RangeMs
  /** One way between a Worker and an object, or between objects. */
  readonly objectMs: RangeMs
  /** From the end of a turn that wrote until its writes are durable. */
  readonly commitMs: RangeMs
  /** By how much an alarm comes too late. */
  readonly alarmLateMs: RangeMs
  /** What a message takes in addition where it is `slow`. */
  readonly slowMs: RangeMs
  /** How long a paused object does nothing. */
  readonly pauseMs: RangeMs
  /** How far a clock jumps, to either side. */
  readonly clockJumpMs: RangeMs
}

/** What goes wrong by itself, each with the name of its occasion. */
export interface Chances {
  /** Per request of a client: it never reaches its Worker. */
  readonly lostRequest: number
  /** Per request of a client: it was done, and its answer is lost. */
  readonly lostAnswer: number
  /** Per call of an object: it never arrives. */
  readonly lostCall: number
  /** Per call of an object: it was done, and the answer is lost. */
  readonly lostReply: number
  /** Per call of an object: it is refused, undone, as the object has too much to do. */
  readonly overloaded: number
  /** Per call or message of any kind: it takes `slowMs` longer. */
  readonly slow: number
  /** Per message over a client's socket: the socket is cut, with all that is under way in it. */
  readonly cutClientSocket: number
  /** Per message over the socket between a Worker and an object: likewise. */
  readonly cutObjectSocket: number
  /** Per turn of an object: it crashes some milliseconds later, with what is not durable by then. */
  readonly crash: number
  /** Per turn of an object that is left with nothing to do: it is evicted at once, and its sockets hibernate. */
  readonly evict: number
  /** Per commit: it fails, and its object is reset. */
  readonly failCommit: number
  /** Per alarm that succeeded: it comes once more. */
  readonly repeatAlarm: number
  /** Per request or message that reaches a Worker: the Worker ends, with everything in it. */
  readonly endWorker: number
  /** Per turn of an object: it does nothing for `pauseMs`. */
  readonly pause: number
  /** Per turn of an object: its own clock is off by up to `clockJumpMs` from then on. */
  readonly clockJump: number
}

/** The name of something that goes wrong. */
export type FaultKind = keyof Chances

export interface Profile {
  readonly delays: Delays
  readonly chances: Chances
}

/** Nothing goes wrong: a broker on a good day. */
export const CALM: Profile = {
  delays: {
    clientMs: [0.5, 4],
    objectMs: [0.2, 2],
    commitMs: [0.5, 4],
    alarmLateMs: [0, 6],
    slowMs: [50, 2_000],
    pauseMs: [50, 3_000],
    clockJumpMs: [1, 5_000],
  },
  chances: {
    lostRequest: 0,
    lostAnswer: 0,
    lostCall: 0,
    lostReply: 0,
    overloaded: 0,
    slow: 0,
    cutClientSocket: 0,
    cutObjectSocket: 0,
    crash: 0,
    evict: 0,
    failCommit: 0,
    repeatAlarm: 0,
    endWorker: 0,
    pause: 0,
    clockJump: 0,
  },
}

/** `CALM` with what is different. */
export function profileOf(chances: Partial<Chances>, delays: Partial<Delays> = {}): Profile {
  return { delays: { ...CALM.delays, ...delays }, chances: { ...CALM.chances, ...chances } }
}

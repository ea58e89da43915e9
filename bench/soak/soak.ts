import type { Violation } from "../../test/support/checkers/promises.ts"
import type { Trend } from "./trend.ts"

/** What was seen of one second. */
export interface Second {
  /** Its end, since the beginning of the steady load. */
  readonly atMs: number
  readonly operations: number
  /** Of what was answered in it; null where nothing was. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly highestMs: number | null
  /** Resident memory of `workerd`; null while it is down. */
  readonly residentBytes: number | null
  /** Of all databases, their write-ahead logs included. */
  readonly storedBytes: number
  /** Processor time of `workerd` and of the load, in cores. */
  readonly brokerCores: number | null
  readonly loadCores: number
}

/** A `kill -9` with the start that followed it. */
export interface Kill {
  readonly atMs: number
  /** From the kill until it answered again. */
  readonly awayMs: number
}

/** How long what kind of operation took. */
export interface KindOfAnswer {
  readonly what: string
  readonly answers: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly highestMs: number
}

/** What a soak saw. */
export interface Soak {
  readonly minutes: number
  readonly seed: number
  /** Null where the rate was given. */
  readonly capacityPerSecond: number | null
  readonly ratePerSecond: number
  readonly operations: number
  readonly unknown: number
  readonly seconds: readonly Second[]
  readonly kills: readonly Kill[]
  readonly kinds: readonly KindOfAnswer[]
  /** Of the last process, once it had grown up; null where that left no time to judge it by. */
  readonly memory: Trend | null
  /** What a process has resident that answers nothing but no-ops, when it grows no more. */
  readonly noopBytes: number
  readonly violations: readonly Violation[]
}

import type { Random } from "../random.ts"
import type { Book } from "./recorder.ts"

/** A JSON object as it came. */
export type Json = Readonly<Record<string, unknown>>

/** What a request was answered with. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A frame, and when it came: its receiver may have been asleep. */
export interface Arrived {
  readonly frame: Json
  readonly at: number
}

/** A client's end of a socket that may break at any moment. */
export interface Socket {
  /** When it ended, or null while it is open. */
  readonly endedAt: number | null
  send(frame: object): void
  /** The next frame, or null where none came within `timeoutMs`, or all came and the socket has ended. */
  receive(timeoutMs: number): Promise<Arrived | null>
  /** Reads nothing for so long. */
  sleep(ms: number): Promise<void>
  /** Says goodbye. */
  close(): void
  /** Breaks off, with all that is under way. */
  cut(): void
}

/** The broker as its clients reach it. */
export interface Broker {
  /** Null where no answer came, within `patienceMs` where that is given: then the client goes away. */
  request(method: string, path: string, body?: object, patienceMs?: number): Promise<Answer | null>
  /** Null where no socket came about. */
  connect(): Promise<Socket | null>
}

/** What a client of the world works with. */
export interface Scene {
  readonly broker: Broker
  readonly recorder: Book
  readonly random: Random
  /** Whether clients are to end their work. */
  readonly isOver: () => boolean
  readonly sleep: (ms: number) => Promise<void>
  /** How long clients sleep between two things that they do, at most. */
  readonly pauseMs: number
}

/** A request with the times around it. */
export interface Asked {
  readonly calledAt: number
  /** Null where no answer came, or one that does not say what was done. */
  readonly answeredAt: number | null
  readonly status: number
  readonly body: Json
  /** The code of the problem, where that was the answer. */
  readonly code: string
  /** Whether it was surely refused, so that nothing of it was done. */
  readonly refused: boolean
}

/** From this status on an answer does not say whether something was done. */
const UNSURE_STATUS = 500

export async function ask(
  scene: Scene,
  method: string,
  path: string,
  body?: object,
  patienceMs?: number,
): Promise<Asked> {
  const calledAt = scene.recorder.now()
  const answer = await scene.broker.request(method, path, body, patienceMs)
  if (answer === null) return { calledAt, answeredAt: null, status: 0, body: {}, code: "", refused: false }
  const json = isJson(answer.body) ? answer.body : {}
  const code = typeof json["code"] === "string" ? json["code"] : ""
  const isSure = answer.status < UNSURE_STATUS
  const refused = answer.status >= 400 && isSure
  return {
    calledAt,
    answeredAt: isSure ? scene.recorder.now() : null,
    status: answer.status,
    body: json,
    code,
    refused,
  }
}

/** Asks until there is an answer that says what was done. */
export async function askUntilSure(scene: Scene, method: string, path: string, body?: object): Promise<Asked> {
  for (;;) {
    const asked = await ask(scene, method, path, body)
    if (asked.answeredAt !== null && asked.status !== 429) return asked
    await scene.sleep(scene.random.between(20, 200))
  }
}

/** The objects of a list in an answer. */
export function listOf(json: Json, member: string): readonly Json[] {
  const list = json[member]
  return Array.isArray(list) ? list.filter(isJson) : []
}

/** The code of the problem that stands in an entry, or null where there is none. */
export function problemOf(entry: Json): string | null {
  const problem = entry["problem"]
  return isJson(problem) ? String(problem["code"]) : null
}

/** Whether a problem leaves open if something was done. */
export function isUnsure(entry: Json): boolean {
  const problem = entry["problem"]
  return isJson(problem) && Number(problem["status"]) >= UNSURE_STATUS
}

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** Does something again and again until the world is over. */
export async function untilOver(scene: Scene, step: () => Promise<unknown>): Promise<void> {
  while (!scene.isOver()) {
    await step()
    await scene.sleep(scene.random.between(1, scene.pauseMs))
  }
}

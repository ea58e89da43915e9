/** Where the load goes. */
export interface Target {
  readonly url: string
  readonly token: string
}

/** The same POST again and again, on all connections at once. */
export interface PostJob extends Target {
  readonly kind: "post"
  readonly connections: number
  readonly path: string
  readonly body: string
  /** When to stop, whichever comes first. */
  readonly until: { readonly requests: number; readonly durationMs: number }
}

/** Receives and acknowledges until `messages` are done; a body that begins with POISON is nacked each time. */
export interface DrainJob extends Target {
  readonly kind: "drain"
  readonly connections: number
  readonly queue: string
  readonly batch: number
  readonly messages: number
}

/** Reads from the first offset to the last; an answer that does not say where to go on is all there is. */
export interface ReadJob extends Target {
  readonly kind: "read"
  readonly path: string
  readonly accept: string
}

export type Job = PostJob | DrainJob | ReadJob

/** What a job did. */
export interface Done {
  readonly requests: number
  readonly messages: number
  /** Read bodies. */
  readonly bytes: number
  readonly durationMs: number
}

/** How the body of a message begins that no consumer can process. */
export const POISON = "poison"

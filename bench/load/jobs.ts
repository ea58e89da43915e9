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

export type Job = PostJob | DrainJob

/** What a job did. */
export interface Done {
  readonly requests: number
  readonly messages: number
  readonly durationMs: number
}

/** How the body of a message begins that no consumer can process. */
export const POISON = "poison"

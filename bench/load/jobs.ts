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

/** Frames on one socket, each sent as soon as fewer than `window` have no answer. */
export interface FramesJob extends Target {
  readonly kind: "frames"
  readonly path: string
  /** What a frame is: a publish of one message to a queue, or bytes that are no frame of ours. */
  readonly frame: { readonly queue: string; readonly body: string } | { readonly bytes: number }
  readonly window: number
  readonly durationMs: number
}

/** Frames at a steady rate, each timed until what answers it is there. */
export interface LatencyJob extends Target {
  readonly kind: "latency"
  readonly path: string
  /** A publish to a queue that another socket consumes, or bytes whose confirmation is waited for. */
  readonly frame: FramesJob["frame"]
  readonly perSecond: number
  readonly durationMs: number
}

/** Records published by the SDK, as fast as it takes them. */
export interface SdkPublishJob extends Target {
  readonly kind: "sdk-publish"
  readonly topic: string
  readonly bytes: number
  readonly lingerMs: number
  readonly durationMs: number
}

/** Messages consumed and acknowledged by the SDK until `messages` are done. */
export interface SdkConsumeJob extends Target {
  readonly kind: "sdk-consume"
  readonly queue: string
  readonly prefetch: number
  readonly messages: number
}

/** Messages taken from a socket and acknowledged until `messages` are done, by a client that does no more. */
export interface PushJob extends Target {
  readonly kind: "push"
  readonly queue: string
  readonly prefetch: number
  readonly messages: number
}

/** Messages sent to a queue, or received and deleted, in the same loop whatever the way to the queue is. */
export interface QueueJob {
  readonly kind: "queue"
  readonly way: QueueWay
  readonly step: "send" | "receive"
  /** Messages in a request. */
  readonly batch: number
  readonly messages: number
  /** How many ask at once, each on a connection of its own. */
  readonly clients: number
}

/** The native HTTP API, the SQS API from a client that does next to nothing, and the same from AWS's own client. */
export type QueueWay =
  | (Target & { readonly api: "native"; readonly queue: string })
  | (SqsTarget & { readonly api: "sqs" | "sqs-sdk" })

/** A queue of a server that speaks the SQS API. */
export interface SqsTarget {
  readonly url: string
  readonly queueUrl: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export type Job =
  | PostJob
  | DrainJob
  | ReadJob
  | FramesJob
  | LatencyJob
  | PushJob
  | SdkPublishJob
  | SdkConsumeJob
  | QueueJob

/** What a job did. */
export interface Done {
  readonly requests: number
  readonly messages: number
  /** Read bodies. */
  readonly bytes: number
  readonly durationMs: number
  /** Of a latency job: the time in the middle. */
  readonly medianMs?: number
  /** Of a queue job: in what share of the time the clients' thread had something to do. */
  readonly busyShare?: number
}

/** How the body of a message begins that no consumer can process. */
export const POISON = "poison"

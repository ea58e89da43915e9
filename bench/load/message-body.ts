const MESSAGE_BYTES = 256

/** The body of every message that queues are compared with. */
export const BODY = "m".repeat(MESSAGE_BYTES)

/** What the broker says, as in `docs/spec/socket.md`. */
export interface ServerFrame {
  readonly type: string
  readonly [member: string]: unknown
}

/** What a client says. */
export interface OutFrame {
  readonly type: string
  readonly [member: string]: unknown
}

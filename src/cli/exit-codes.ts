/** How the command ends; scripts rely on these. */
export const EXIT = {
  ok: 0,
  /** The broker refused, or something of what was asked could not be done. */
  refused: 1,
  /** The command line, the input or a settings file makes no sense. */
  usage: 2,
  /** The broker can't be reached, or does not take the token. */
  unreachable: 3,
  interrupted: 130,
  /** Whoever read the output went away, as `head` does. */
  outputClosed: 141,
  terminated: 143,
} as const

/** What `--help` says of them. */
export const EXIT_CODES_HELP =
  "Exit codes: 0 done, 1 refused by the broker, 2 wrong usage or input, 3 not reachable or not authorized, " +
  "130 interrupted, 141 nobody reads the output."

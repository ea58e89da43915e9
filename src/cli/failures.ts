/** What was typed or read makes no sense; `exit code 2`. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

/** Some of what was asked could not be done, and was told already; `exit code 1`. */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure"
}

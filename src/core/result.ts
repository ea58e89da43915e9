/** The outcome of something that may be refused: expected failures are values, bugs throw. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E }

/** A success carrying `value`. */
export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value }
}

/** A refusal carrying `error`. */
export function err<E>(error: E): Result<never, E> {
  return { ok: false, error }
}

import { CorruptError } from "../core/bytes/corrupt.ts"

/** Words of SQLite where a page is not what it wrote; `workerd` and Node give them as text only. */
const SQLITE_DAMAGE = /database disk image is malformed|malformed database schema|file is not a database/

/** A part of the storage that can't be what was written there. */
class DamageError extends Error {
  override readonly name = "DamageError"
  readonly part: string

  constructor(part: string, cause: unknown) {
    super(`${part} is damaged`, { cause })
    this.part = part
  }
}

/** Reads a part of the storage, and gives the error that shows it to be damaged its name. */
export function reading<T>(part: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw isDamage(error) ? new DamageError(part, error) : error
  }
}

/** Which part of the storage `error` shows to be damaged, or null where it is about something else. */
export function damagedPart(error: unknown): string | null {
  if (error instanceof DamageError) return error.part
  return isDamage(error) ? "a page of the database" : null
}

/** Whether `error` says that SQLite can't read a page. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Error && SQLITE_DAMAGE.test(error.message)
}

function isDamage(error: unknown): boolean {
  return error instanceof CorruptError || isUnreadable(error)
}

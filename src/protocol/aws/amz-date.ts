const BASIC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** `20150830T123600Z`: how instants are written in what is signed. Takes milliseconds since the epoch. */
export function formatAmzDate(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`
}

/** The instant that `text` says as `x-amz-date` does, in milliseconds since the epoch; null where it says none. */
export function parseAmzDate(text: string): number | null {
  const match = BASIC.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second] = match
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(instant) ? null : instant
}

/** The same of a `date` header, which may also say it as HTTP does. */
export function parseHttpDate(text: string): number | null {
  const instant = parseAmzDate(text) ?? Date.parse(text)
  return Number.isNaN(instant) ? null : instant
}

const BASIC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** The last that was written and read: it is that of a whole second, and every request has it three times. */
let written = { instant: 0, text: "19700101T000000Z" }
let read = written

/** `20150830T123600Z`: how instants are written in what is signed. Takes milliseconds since the epoch. */
export function formatAmzDate(instant: number): string {
  if (instant !== written.instant) {
    written = { instant, text: `${new Date(instant).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z` }
  }
  return written.text
}

/** The instant that `text` says as `x-amz-date` does, in milliseconds since the epoch; null where it says none. */
export function parseAmzDate(text: string): number | null {
  if (text === read.text) return read.instant
  const match = BASIC.exec(text)
  if (match === null) return null
  const [, year, month, day, hour, minute, second] = match
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(instant)) return null
  read = { instant, text }
  return instant
}

/** The same of a `date` header, which may also say it as HTTP does. */
export function parseHttpDate(text: string): number | null {
  const instant = parseAmzDate(text) ?? Date.parse(text)
  return Number.isNaN(instant) ? null : instant
}

/** Where a run of the suite finds what it needs. */
export interface Place {
  /** Of the broker, for sockets. In a browser it is of another origin than the page. */
  readonly url: string
  readonly token: string
  /**
   * Of the stage, which passes `/v1/…` on to the broker, so that a page may administer it, and
   * takes `POST /stage/break`, `/stage/close` and `/stage/open`.
   */
  readonly stageUrl: string
  /** Begins the names of all that a run makes. */
  readonly prefix: string
  /** Whether the runtime lets the client ask the broker over HTTP: a browser does not, from another origin. */
  readonly httpAllowed: boolean
}

let named = 0

/** A name that no other check of any run has. */
export function freshName(place: Place, what: string): string {
  named += 1
  return `${place.prefix}-${what}-${named}`
}

/** Breaks every socket to the broker, as a network would. */
export function breakSockets(place: Place): Promise<void> {
  return stage(place, "break")
}

/** Breaks every socket and refuses new ones until `openDoor`. */
export function closeDoor(place: Place): Promise<void> {
  return stage(place, "close")
}

/** Lets sockets through again. */
export function openDoor(place: Place): Promise<void> {
  return stage(place, "open")
}

async function stage(place: Place, order: string): Promise<void> {
  const response = await fetch(`${place.stageUrl}/stage/${order}`, { method: "POST" })
  if (!response.ok) throw new Error(`the stage answers ${response.status}`)
}

/** Something that happens at an instant, and behind what has a smaller `tie` at the same. */
export interface Timed {
  readonly at: number
  readonly tie: number
}

/** What is to happen, the next first: a heap, in which no event is before its parent. */
export class EventHeap<Event extends Timed> {
  readonly #events: Event[] = []

  get first(): Event | undefined {
    return this.#events[0]
  }

  push(event: Event): void {
    const events = this.#events
    let index = events.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(event, events[parent]!)) break
      events[index] = events[parent]!
      index = parent
    }
    events[index] = event
  }

  removeFirst(): void {
    const events = this.#events
    const last = events.pop()
    if (last === undefined || events.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      if (left >= events.length) break
      const right = left + 1
      const child = right < events.length && isBefore(events[right]!, events[left]!) ? right : left
      if (!isBefore(events[child]!, last)) break
      events[index] = events[child]!
      index = child
    }
    events[index] = last
  }
}

function isBefore(one: Timed, other: Timed): boolean {
  return one.at < other.at || (one.at === other.at && one.tie < other.tie)
}

/** Rows per message by section, batch size and step: those written, where a section does not say otherwise. */
export interface Rows {
  /** All sends, then all receives, then all acknowledgements. */
  readonly queue: Section
  readonly partition: Section
  /** Offsets that a group commits, a row of the partition each. */
  readonly offsetCommits: Section
  readonly producer: Section
  /** Sends to a queue, by a producer. */
  readonly queueProducer: Section
  /** What a share group writes to receive and accept what a partition has; appends are not in it. */
  readonly share: Section
  /** Rows read by a fetch at the tail of a partition of 10,000 rows. */
  readonly tail: Section
  /** Acknowledgements in random order over 50,000 in flight. */
  readonly randomAck: Section
  /** Each batch received and acknowledged before the next is sent. */
  readonly inStep: Section
  /** As `queue`, of a queue that uses what the name says, until nothing of it is left. */
  readonly fifoWithDedup: Section
  readonly dedup: Section
  readonly fair: Section
  readonly timeToLive: Section
  readonly attemptIds: Section
  readonly scheduled: Section
  /** Messages that nobody received, swept out. */
  readonly expiring: Section
}
type Section = Record<string, Record<string, number>>

/** The sections whose number is of rows read, not written. */
export const READS: ReadonlySet<keyof Rows> = new Set(["tail"])

interface Limit {
  readonly section: keyof Rows
  readonly batch: number
  readonly step: string
  readonly rows: number
}

/** What must hold whatever the committed file says. */
export const LIMITS: readonly Limit[] = [
  { section: "queue", batch: 1, step: "life", rows: 3.2 },
  { section: "queue", batch: 10, step: "life", rows: 0.45 },
  { section: "queue", batch: 100, step: "life", rows: 0.06 },
  { section: "inStep", batch: 1, step: "life", rows: 3.2 },
  { section: "inStep", batch: 10, step: "life", rows: 0.45 },
  { section: "inStep", batch: 100, step: "life", rows: 0.06 },
  { section: "randomAck", batch: 100, step: "ack", rows: 0.05 },
  { section: "partition", batch: 100, step: "append", rows: 0.02 },
  { section: "producer", batch: 100, step: "append", rows: 0.03 },
  { section: "queueProducer", batch: 100, step: "send", rows: 0.03 },
  { section: "tail", batch: 16, step: "newest batch", rows: 3 },
  { section: "tail", batch: 16, step: "at the end", rows: 3 },
  { section: "offsetCommits", batch: 1, step: "commit", rows: 1 },
  { section: "offsetCommits", batch: 1, step: "with metadata", rows: 1 },
  { section: "share", batch: 100, step: "life", rows: 0.1 },
  { section: "fifoWithDedup", batch: 10, step: "life", rows: 0.6 },
]

/** The limits that `rows` misses. */
export function overLimit(rows: Rows): string[] {
  return LIMITS.flatMap(({ section, batch, step, rows: limit }) => {
    const value = rows[section][batch]?.[step]
    return value !== undefined && value <= limit ? [] : [`${section} ${batch} ${step}: ${value}, limit ${limit}`]
  })
}

/** What is missing from `measured` or larger than in `committed`. */
export function grown(committed: Partial<Rows>, measured: Rows): string[] {
  const problems: string[] = []
  for (const section of Object.keys(measured) as (keyof Rows)[]) {
    if (!committed[section]) problems.push(`${section} is not in the file`)
    for (const [batch, steps] of Object.entries(committed[section] ?? {})) {
      for (const [step, before] of Object.entries(steps)) {
        const now = measured[section][batch]?.[step]
        if (now === undefined || now > before) problems.push(`${section} ${batch} ${step}: ${before} -> ${now}`)
      }
    }
  }
  return problems
}

import { type Check, notExactlyOnce } from "./checks.ts"
import { type Delivery, type Job, type Ledger, NUMBER_HEADER } from "./ledger.ts"

/** What the dead letters must name. */
export interface DeadLetterRules {
  readonly queue: string
  readonly maxDeliveries: number
  /** What the workers said when they gave the messages back. */
  readonly error: string
}

/** Everything that a queue promises its senders and consumers. */
export function checkWebhooks(ledger: Ledger, deadLetters: readonly Delivery[], rules: DeadLetterRules): Check[] {
  return [
    ...checkWork(ledger, deadLetters),
    ...checkDeliveries(ledger),
    ...checkDeadLetters(ledger, deadLetters, rules),
  ]
}

function checkWork(ledger: Ledger, deadLetters: readonly Delivery[]): Check[] {
  const { jobs, ids, processed } = ledger
  const good = numbersOf(jobs.filter((job) => !job.poison))
  return [
    { name: "webhooks published and confirmed", actual: ids.size, expected: jobs.length },
    { name: "different ids given to them", actual: new Set(ids.values()).size, expected: jobs.length },
    { name: "processed + dead-lettered", actual: processed.length + deadLetters.length, expected: jobs.length },
    { name: "processed never or twice", actual: notExactlyOnce(good, processed).length, expected: 0 },
  ]
}

function checkDeliveries({ crashes, heldAtCrash, rescued, deliveredAfterAck, altered, beyondCredit }: Ledger): Check[] {
  return [
    { name: "consumers crashed", actual: crashes, expected: 1 },
    { name: "processed by others of what it held", actual: rescued.size, expected: Math.max(heldAtCrash.length, 1) },
    { name: "delivered after they were acknowledged", actual: deliveredAfterAck, expected: 0 },
    { name: "deliveries unlike what was sent", actual: altered, expected: 0 },
    { name: "messages pushed beyond the credit", actual: beyondCredit, expected: 0 },
  ]
}

function checkDeadLetters(ledger: Ledger, deadLetters: readonly Delivery[], rules: DeadLetterRules): Check[] {
  const poison = ledger.jobs.filter((job) => job.poison)
  const found = deadLetters.map(numberOf)
  const explained = deadLetters.filter((letter) => isExplained(letter, ledger, rules))
  const whole = deadLetters.filter((letter) => isWhole(letter, poison))
  return [
    { name: "poison messages dead-lettered", actual: deadLetters.length, expected: poison.length },
    {
      name: "dead-lettered never, twice or wrongly",
      actual: notExactlyOnce(numbersOf(poison), found).length,
      expected: 0,
    },
    { name: "dead letters that say whence, why, how often", actual: explained.length, expected: poison.length },
    { name: "dead letters with their body and headers", actual: whole.length, expected: poison.length },
  ]
}

function isExplained(letter: Delivery, { ids }: Ledger, { queue, maxDeliveries, error }: DeadLetterRules): boolean {
  const expected = {
    "millrace-dead-letter-source": queue,
    "millrace-dead-letter-id": ids.get(numberOf(letter)),
    "millrace-dead-letter-reason": "max_deliveries",
    "millrace-dead-letter-delivery-count": String(maxDeliveries),
    "millrace-dead-letter-error": error,
  }
  return Object.entries(expected).every(([name, value]) => letter.headers[name] === value)
}

function isWhole(letter: Delivery, poison: readonly Job[]): boolean {
  const job = poison.find(({ number }) => number === numberOf(letter))
  if (job === undefined || JSON.stringify(letter.body) !== JSON.stringify(job.message.body)) return false
  return Object.entries(job.message.headers).every(([name, value]) => letter.headers[name] === value)
}

function numberOf(message: Delivery): string {
  return message.headers[NUMBER_HEADER] ?? ""
}

function numbersOf(jobs: readonly Job[]): string[] {
  return jobs.map((job) => job.number)
}

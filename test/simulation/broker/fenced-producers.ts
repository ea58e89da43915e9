import type { Append, History } from "../../support/checkers/history.ts"
import { keyOf, listAt } from "../../support/checkers/index-of.ts"
import type { Violation } from "../../support/checkers/promises.ts"

/** Once something of a newer epoch was stored, nothing of an older one is taken any more [S8]. */
export function checkFencedProducers({ operations }: History): Violation[] {
  const byProducer = new Map<string, Append[]>()
  for (const operation of operations) {
    if (operation.kind !== "append" || operation.producer === null || operation.answeredAt === null) continue
    const { topic, partition, producer } = operation
    if ((operation.offsets ?? []).length > 0) listAt(byProducer, keyOf(topic, partition, producer.id)).push(operation)
  }
  return [...byProducer.values()].flatMap((appends) =>
    appends.flatMap((late) => {
      const newer = appends.find(
        ({ producer, answeredAt }) => producer!.epoch > late.producer!.epoch && answeredAt! < late.calledAt,
      )
      if (newer === undefined) return []
      const what = `${late.records[0]!.value} of the epoch ${late.producer!.epoch}, said at ${late.calledAt},`
      const why = `was taken after ${newer.records[0]!.value} of ${newer.producer!.epoch}, at ${newer.answeredAt}`
      return [{ rule: "fenced producers", detail: `${what} ${why}`, at: late.calledAt }]
    }),
  )
}

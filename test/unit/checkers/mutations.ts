import type { Operation, Settle } from "../../support/checkers/history.ts"
import type { Chance } from "./chance.ts"

/** Makes a right history wrong in one place; null where it has no such place. */
type Mutation = (operations: readonly Operation[], chance: Chance) => Operation[] | null

type Kind = Operation["kind"]
type Of<K extends Kind> = Operation & { readonly kind: K }

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "a message was lost": (operations, chance) => {
    const send = pick(operations, "send", chance, ({ results }) => results !== null)
    const value = send?.messages[0]!.value
    return send ? operations.filter((one) => one.kind !== "delivered" || one.value !== value) : null
  },
  "a message came that nobody sent": (operations, chance) =>
    replace(operations, "delivered", chance, (one) => ({ ...one, value: "nobody's" })),
  "a message came under another id": (operations, chance) =>
    replace(
      operations,
      "delivered",
      chance,
      (one) => ({ ...one, id: "other" }),
      ({ deadLetter }) => deadLetter === null,
    ),
  "a message came to two at once": (operations, chance) => {
    const settled = new Set(operations.flatMap((one) => (isSettle(one) ? [one.receipt] : [])))
    const one = pick(operations, "delivered", chance, ({ queue, receipt }) => queue === "q" && !settled.has(receipt))
    if (!one) return null
    const at = one.answeredAt + 1
    return [...operations, { ...one, client: "second", receipt: "second", leasedAfter: at, answeredAt: at }]
  },
  "a message came after its acknowledgement": (operations, chance) => {
    const ack = pick(operations, "ack", chance, ({ result }) => result === "ok")
    const one = operations.find((other) => other.kind === "delivered" && other.receipt === ack?.receipt)
    if (!ack || one?.kind !== "delivered") return null
    const at = ack.answeredAt! + 60_000
    return [...operations, { ...one, receipt: "again", leasedAfter: at, answeredAt: at + 1 }]
  },
  "a repeat was answered with an id of its own": (operations, chance) => {
    const first = pick(operations, "send", chance, ({ results }) => results !== null)
    if (!first) return null
    const at = first.answeredAt! + 10
    return [...operations, { ...first, calledAt: at, answeredAt: at + 10, results: [{ id: "its-own" }] }]
  },
  "a dead letter came twice": (operations, chance) => {
    const one = pick(operations, "delivered", chance, ({ deadLetter }) => deadLetter !== null)
    if (!one) return null
    return ["x", "y", "z"].reduce<Operation[]>((all, id) => [...all, { ...one, id, receipt: id }], [...operations])
  },
  "a dead letter has a wrong count": (operations, chance) =>
    replace(
      operations,
      "delivered",
      chance,
      (one) => ({ ...one, deadLetter: { ...one.deadLetter!, deliveryCount: 1 } }),
      ({ deadLetter }) => deadLetter !== null,
    ),
  "an append got an offset that was given before": (operations, chance) =>
    replace(
      operations,
      "append",
      chance,
      (one) => ({ ...one, offsets: one.offsets!.map((offset) => offset - 1) }),
      ({ offsets }) => offsets !== null && offsets[0]! > 0,
    ),
  "a read left out a record": (operations, chance) =>
    replace(
      operations,
      "read",
      chance,
      (one) => ({ ...one, records: one.records.slice(1) }),
      ({ records }) => records.length > 0,
    ),
  "a read has records in the wrong order": (operations, chance) =>
    replace(
      operations,
      "read",
      chance,
      (one) => ({ ...one, records: [...one.records].reverse() }),
      ({ records }) => records.length > 1,
    ),
  "an older owner's commit was accepted": (operations, chance) => {
    const told = pick(operations, "owned", chance, ({ epoch }) => epoch > 1)
    if (!told) return null
    const { group, topic, partition, epoch, at } = told
    const place = { client: "former", member: `m${epoch - 1}`, group, topic, partition }
    const times = { calledAt: at + 1, answeredAt: at + 2 }
    return [...operations, { kind: "commit", ...place, ...times, epoch: epoch - 1, offset: 0, result: "ok" }]
  },
  "an owner was told too little": (operations, chance) =>
    replace(
      operations,
      "owned",
      chance,
      (one) => ({ ...one, committedOffset: -1 }),
      ({ committedOffset }) => committedOffset !== null,
    ),
}

function isSettle(operation: Operation): operation is Settle {
  return "receipt" in operation && operation.kind !== "delivered"
}

function pick<K extends Kind>(
  operations: readonly Operation[],
  kind: K,
  chance: Chance,
  fits: (one: Of<K>) => boolean = () => true,
): Of<K> | undefined {
  const all = operations.filter((one): one is Of<K> => one.kind === kind && fits(one as Of<K>))
  return all[chance.below(all.length)]
}

function replace<K extends Kind>(
  operations: readonly Operation[],
  kind: K,
  chance: Chance,
  change: (one: Of<K>) => Operation,
  fits?: (one: Of<K>) => boolean,
): Operation[] | null {
  const picked = pick(operations, kind, chance, fits)
  return picked ? operations.map((one) => (one === picked ? change(picked) : one)) : null
}

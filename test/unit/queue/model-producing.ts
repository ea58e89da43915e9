import fc from "fast-check"
import { same, type Step } from "./model.ts"
import { isFull, type MessageKinds, outgoing, sentOf } from "./model-steps.ts"
import { nextOf, produce } from "./reference-producers.ts"

/** Publishes of two producers: the next one, repeats whole and in part, gaps, and those of other epochs. */
export function producing(kinds: MessageKinds): fc.Arbitrary<Step> {
  return fc
    .record({
      producerId: fc.constantFrom(1, 2),
      shift: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 4, arbitrary: fc.integer({ min: -30, max: -1 }) },
        { weight: 1, arbitrary: fc.constant(1) },
      ),
      newer: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, -1),
      messages: fc.array(outgoing({ ...kinds, times: false }), { minLength: 1, maxLength: 8 }),
    })
    .map(({ producerId, shift, newer, messages }) => ({
      label: `produce ${producerId} ${shift} ${newer} ${JSON.stringify(messages)}`,
      run: (model, scene) => {
        if (isFull(model, messages.length)) return
        const { reference, now } = model
        const epoch = Math.max(0, (reference.data.producers[producerId]?.epoch ?? 0) + newer)
        const next = newer > 0 ? 0 : nextOf(reference, producerId)
        const producer = { producerId, epoch, sequence: Math.max(0, next + shift) }
        const sent = messages.map((message) => sentOf(message, scene))
        const expected = produce(reference, producer, sent, now)
        const actual = scene.sendBy(producer, messages, now)
        same(actual.ok ? plain(actual.value) : refusal(actual.error), expected)
      },
    }))
}

type Produced = Extract<ReturnType<typeof produce>, { readonly repeatedCount: number }>
type Reply = Extract<ReturnType<Parameters<Step["run"]>[1]["sendBy"]>, { readonly ok: true }>["value"]
type Refusal = Extract<ReturnType<Parameters<Step["run"]>[1]["sendBy"]>, { readonly ok: false }>["error"]

function plain({ results, repeatedCount }: Reply): { readonly results: unknown[] } & Pick<Produced, "repeatedCount"> {
  return { results: results.map((one) => (one === null || typeof one === "number" ? one : one.code)), repeatedCount }
}

function refusal(failure: Refusal): object {
  const { code: refused } = failure
  return failure.code === "sequence_gap" ? { refused, expected: failure.expectedSequence } : { refused }
}

import type { Failure } from "../core/errors.ts"
import { MAX_SOCKET_QUESTIONS } from "../core/limits.ts"
import type { Result } from "../core/result.ts"
import type { Answers } from "./answers.ts"
import type { FrameOf } from "./client-frame.ts"
import type { Links } from "./links.ts"
import type { SessionContext } from "./ports.ts"
import { describedFrame, errorFrame, producerFrame } from "./server-frames.ts"
import { Turns } from "./turns.ts"

/** What a client asks the catalog by way of its session: a few at a time, the others wait for their turn. */
export class Questions {
  readonly #openProducer: SessionContext["openProducer"]
  readonly #links: Links
  readonly #answers: Answers
  readonly #turns = new Turns()
  #asked = 0
  #closed = false

  constructor(openProducer: SessionContext["openProducer"], links: Links, answers: Answers) {
    this.#openProducer = openProducer
    this.#links = links
    this.#answers = answers
  }

  openProducer({ ref, name }: FrameOf<"open-producer">, characters: number): void {
    const open = (): ReturnType<SessionContext["openProducer"]> => this.#openProducer(name)
    this.#ask(ref, characters, open, ({ producerId, epoch }) => producerFrame(ref, producerId, epoch))
  }

  /** The session's own knowledge is renewed with it: what the client says next goes by the answer. */
  describe({ ref, topic }: FrameOf<"describe">, characters: number): void {
    const look = (): ReturnType<ReturnType<Links["topic"]>["reload"]> => this.#links.topic(topic).reload()
    this.#ask(ref, characters, look, ({ settings }) => describedFrame(ref, settings.partitions))
  }

  /** The socket is over: what waits is not asked any more. */
  close(): void {
    this.#closed = true
  }

  #ask<T>(
    ref: number,
    characters: number,
    ask: () => Promise<Result<T, Failure>>,
    frameOf: (value: T) => string,
  ): void {
    const about = { ref, sub: null }
    const answer = this.#answers.expect(about, characters)
    if (answer === null) return
    this.#asked += 1
    this.#turns.run([String(this.#asked % MAX_SOCKET_QUESTIONS)], async () => {
      if (this.#closed) return
      const asked = await ask()
      answer(asked.ok ? frameOf(asked.value) : errorFrame(asked.error, about))
    })
  }
}

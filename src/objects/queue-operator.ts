import type { Failure } from "../core/errors.ts"
import { messageIdText } from "../core/queue/identity.ts"
import { browse } from "../core/queue/operator/browse.ts"
import type {
  BrowsedMessage,
  BrowseReply,
  BrowseRequest,
  OperatorApi,
  PurgeReply,
  PurgeRequest,
  Redrive,
  RedriveRequest,
  ResendRequest,
} from "../core/queue/operator/commands.ts"
import { describe, type Place, search } from "../core/queue/operator/find.ts"
import { purge } from "../core/queue/operator/purge.ts"
import { removeMessage } from "../core/queue/operator/remove.ts"
import { resend } from "../core/queue/operator/resend.ts"
import type { Queue } from "../core/queue/queue.ts"
import { err, ok, type Result } from "../core/result.ts"

type Command<T> = (queue: Queue, now: number) => Result<T, Failure>

/** Runs a command in the next commit, for a caller that believes in a version. */
export type RunCommand = <T>(version: number, command: Command<T>) => Promise<Result<T, Failure>>

/** Where a search ended in one commit: with an outcome, or with where it goes on in the next. */
type Step<T> = { readonly from: number | null } | { readonly outcome: T }

/** What an operator may do to a queue, as commands of its object. */
export class QueueOperator implements OperatorApi {
  readonly #run: RunCommand

  constructor(run: RunCommand) {
    this.#run = run
  }

  browse(version: number, request: BrowseRequest): Promise<Result<BrowseReply, Failure>> {
    return this.#inTurn(version, ({ state }, now) => browse(state, request, now))
  }

  find(
    version: number,
    messageId: number,
  ): Promise<Result<BrowsedMessage & { readonly incarnation: number }, Failure>> {
    return this.#withMessage(version, messageId, ({ state }, place) =>
      ok({ ...describe(state, place), incarnation: state.identity.incarnation }),
    )
  }

  remove(version: number, messageId: number): Promise<Result<null, Failure>> {
    return this.#withMessage(version, messageId, ({ state }, place, now) => removeMessage(state, place, now))
  }

  resend(version: number, request: ResendRequest): Promise<Result<string, Failure>> {
    return this.#withMessage(version, request.messageId, ({ state }, place, now) =>
      // a commit moves only so many: this one waits for the next
      state.departuresLeft === 0 ? null : resend(state, request, place, now),
    )
  }

  purge(version: number, request: PurgeRequest): Promise<Result<PurgeReply, Failure>> {
    return this.#inTurn(version, ({ state }, now) => ok(purge(state, request, now)))
  }

  startRedrive(version: number, request: RedriveRequest): Promise<Result<Redrive, Failure>> {
    return this.#run(version, (queue, now) => queue.redrives.start(request, now))
  }

  redrives(version: number): Promise<Result<readonly Redrive[], Failure>> {
    return this.#run(version, (queue) => ok([...queue.redrives.all]))
  }

  cancelRedrive(version: number, no?: number): Promise<Result<Redrive, Failure>> {
    return this.#run(version, (queue, now) => queue.redrives.cancel(now, no))
  }

  /** Runs a command that looks at many messages: in a later commit where others have looked at enough in this one. */
  async #inTurn<T>(version: number, command: Command<T>): Promise<Result<T, Failure>> {
    for (;;) {
      const turn = await this.#run(
        version,
        (queue, now): Result<{ readonly result: Result<T, Failure> } | null, Failure> =>
          ok(queue.state.scanBudget.isSpent ? null : { result: command(queue, now) }),
      )
      if (!turn.ok) return turn
      if (turn.value) return turn.value.result
    }
  }

  /**
   * Finds a message and does something to it in the same commit. A search that reads a long log takes a few
   * commits that write nothing, so that others come in between; so does an operation that answers null.
   */
  async #withMessage<T>(
    version: number,
    messageId: number,
    operate: (queue: Queue, place: Place, now: number) => Result<T, Failure> | null,
  ): Promise<Result<T, Failure>> {
    for (let from: number | null = null; ;) {
      const step = await this.#run(version, (queue, now): Result<Step<T>, Failure> => {
        if (queue.state.scanBudget.isSpent) return ok({ from })
        const found = search(queue.state, messageId, from, now)
        if (found.kind === "unfinished") return ok({ from: found.from })
        if (found.kind === "missing") return err(notFound(queue, messageId))
        const outcome = operate(queue, found.place, now)
        if (outcome === null) return ok({ from })
        return outcome.ok ? ok({ outcome: outcome.value }) : outcome
      })
      if (!step.ok) return step
      if ("outcome" in step.value) return ok(step.value.outcome)
      from = step.value.from
    }
  }
}

function notFound(queue: Queue, messageId: number): Failure {
  return { code: "not_found", resource: "message", name: messageIdText(queue.state.identity, messageId) }
}

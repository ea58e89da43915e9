import type { ActionName, Input, Output } from "../../../protocol/sqs/actions.ts"
import type { SqsFailure, SqsResult } from "../../../protocol/sqs/errors.ts"

/** What a request asks for. */
export interface Asked {
  /** As the client wrote it: there may be no such action. */
  readonly action: string
  readonly input: <Name extends ActionName>(name: Name) => SqsResult<Input<Name>>
}

/** One of the two protocols in which the API is spoken. */
export interface Wire {
  readonly contentType: string
  /** What a document begins with, before anything is known of it. */
  readonly start: string
  /** Null where the request names no action. */
  readonly read: (request: Request, body: Uint8Array) => SqsResult<Asked | null>
  /** What `name` answers, behind `start`. */
  readonly answer: <Name extends ActionName>(name: Name, output: Output<Name>, requestId: string) => string
  readonly refuse: (
    failure: SqsFailure,
    requestId: string,
  ) => { readonly headers: Readonly<Record<string, string>>; readonly text: string }
}

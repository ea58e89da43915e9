import type { ActionName, Input, Output } from "../../../protocol/sqs/actions.ts"
import type { SqsResult } from "../../../protocol/sqs/errors.ts"
import type { Scope } from "../../env.ts"
import type { AwsIdentity } from "../aws/identity.ts"

/** One request, whatever it asks: the caller is known. */
export interface SqsRequest extends Scope {
  readonly action: ActionName
  readonly request: Request
  readonly identity: AwsIdentity
  /** Scheme and authority under which the client reached the broker: queue URLs begin with them. */
  readonly origin: string
}

/** One request on its way to its action: the input has the types of the service model. */
export interface SqsCall<Name extends ActionName = ActionName> extends SqsRequest {
  readonly action: Name
  readonly input: Input<Name>
}

/** An answer that may take its time, and what to do where its client did not wait for it. */
export interface LateOutput<Name extends ActionName> {
  /** Is told when the client is gone, and ends early then. Must not reject. */
  readonly produce: (gone: AbortSignal) => Promise<{
    readonly output: Output<Name>
    readonly undelivered: () => Promise<unknown>
  }>
}

/** One action of the API. */
export interface SqsAction<Name extends ActionName> {
  readonly name: Name
  readonly handle: (call: SqsCall<Name>) => Promise<SqsResult<Output<Name> | LateOutput<Name>>>
}

import { ok } from "../../core/result.ts"
import { refuse, type SqsResult } from "./errors.ts"
import { MAX_QUERY_NAME_PARTS, MAX_QUERY_PARAMETERS } from "./limits.ts"

/** Parameters of a form, by the parts of their names that are parted with dots: `Attribute.1.Name` is three deep. */
export class FormNode {
  value: string | null = null
  readonly children = new Map<string, FormNode>()

  /** What stands at `name` below this. */
  at(name: string): FormNode | undefined {
    return this.children.get(name)
  }

  /** The value of the parameter that is called so, if there is one. */
  valueAt(name: string): string | null {
    return this.children.get(name)?.value ?? null
  }

  set(name: string, value: string): void {
    // Nothing is nested deeper: a name with more parts is none that any action has.
    this.below(name.split(".", MAX_QUERY_NAME_PARTS), 0).value = value
  }

  private below(parts: readonly string[], at: number): FormNode {
    const part = parts[at]
    if (part === undefined) return this
    let child = this.children.get(part)
    if (child === undefined) this.children.set(part, (child = new FormNode()))
    return child.below(parts, at + 1)
  }
}

/** Adds the parameters of `text`, a query or a body, to `form`; of two with the same name the later counts. */
export function readForm(text: string, form: FormNode): SqsResult<FormNode> {
  const pairs = text.split("&", MAX_QUERY_PARAMETERS + 1)
  if (pairs.length > MAX_QUERY_PARAMETERS) return malformed(`A request has at most ${MAX_QUERY_PARAMETERS} parameters.`)
  for (const pair of pairs) {
    if (pair === "") continue
    const equals = pair.indexOf("=")
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? "" : decode(pair.slice(equals + 1))
    if (name === null || value === null) return malformed("A parameter is not percent-encoded UTF-8.")
    form.set(name, value)
  }
  return ok(form)
}

/** What is said of a form that can't be read. */
export function malformed(message: string) {
  return refuse("MalformedInput", message)
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return null
  }
}

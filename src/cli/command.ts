import type { Argv } from "yargs"
import type { Context } from "./context.ts"
import { UsageError } from "./failures.ts"

/** What every command takes. */
export interface GlobalFlags {
  readonly url: string | undefined
  readonly token: string | undefined
  readonly profile: string | undefined
  readonly json: boolean
  readonly color: boolean | undefined
  readonly quiet: boolean
}

/**
 * What a command does once the command line is understood; a number is how it exits, in place of 0.
 * Throws MillraceError, UsageError, PartialFailure.
 */
export type Run = (context: Context) => Promise<number | void>

/** Takes down what is to be run; nothing runs while the command line is being read. */
export type Choose = (run: Run) => void

/** Adds one command, or a group of them. */
export type Command = (yargs: Argv<GlobalFlags>, choose: Choose) => Argv<GlobalFlags>

/** A word in front of several commands. */
export function group(name: string, description: string, commands: readonly Command[]): Command {
  return (yargs, choose) =>
    yargs.command(name, description, (inner) =>
      commands.reduce<Argv<GlobalFlags>>((built, add) => add(built, choose), inner),
    )
}

/** Makes a `coerce` that leaves out what was not said, and refuses an option that was said twice. */
export function once<T>(parse: (text: string) => T): (value: unknown) => T | undefined {
  return (value) => {
    if (value === undefined) return undefined
    if (typeof value === "string" || typeof value === "number") return parse(String(value))
    throw new UsageError("an option was given twice, or without a value")
  }
}

/** `name=value`, as `--header` takes it. */
export function pairsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = texts.map((text) => {
    const at = text.indexOf("=")
    if (at < 1) throw new UsageError(`${JSON.stringify(text)} is not name=value`)
    return [text.slice(0, at), text.slice(at + 1)] as const
  })
  return Object.fromEntries(pairs)
}

/** What is not undefined of `object`: an option that was not said must not be said to the broker either. */
export function given<T extends object>(object: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }
}

import { execFile } from "node:child_process"
import { promisify } from "node:util"

/** What a program may say at most. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

const execute = promisify(execFile)

/** Runs a program with variables added to the environment; answers what it wrote, and rejects where it fails. */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { env: { ...process.env, ...env }, maxBuffer: MAX_OUTPUT_BYTES }
  return (await execute(program, args, options)).stdout
}

/** Whether a program is there and ends well: tests of programs that npm does not bring are skipped without. */
export async function canRun(program: string, ...args: readonly string[]): Promise<boolean> {
  return runProgram(program, args).then(
    () => true,
    () => false,
  )
}

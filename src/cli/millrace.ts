import { EXIT } from "./exit-codes.ts"
import { main } from "./main.ts"

// whoever read the output may be gone before a command listens for that
process.stdout.on("error", () => (process.exitCode = EXIT.outputClosed))

const exitCode = await main(process.argv.slice(2))
await new Promise((written) => process.stdout.write("", written))
// a socket or a timer that is still there must not hold up a shell
process.exit(process.exitCode ?? exitCode)

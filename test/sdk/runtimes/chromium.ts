import { chromium as browserType } from "playwright-core"
import { bundleWhole } from "./bundle.ts"
import { executable } from "./executables.ts"
import type { Runtime } from "./runtime.ts"

const path = executable("chromium") ?? executable("chromium-browser") ?? executable("google-chrome")

const RUN_MS = 4 * 60_000

/** A page in headless Chromium; the broker is of another origin, so all that it can use is the socket. */
export const chromium: Runtime = {
  name: "Chromium",
  httpAllowed: false,
  missing: () => (path === null ? "no Chromium on PATH: apt-get install chromium" : null),
  run: async (place, stage) => {
    if (path === null) throw new Error("no Chromium on PATH: apt-get install chromium")
    stage.setPage(await bundleWhole("console-entry.ts", place))
    // its sandbox can't be set up by root
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : []
    const browser = await browserType.launch({ executablePath: path, headless: true, args })
    try {
      const page = await browser.newPage()
      const lines: string[] = []
      const complaints: string[] = []
      const done = new Promise<void>((settle) => {
        page.on("console", (message) => {
          // else it is Chromium that logs a socket of the checks as broken
          if (message.type() === "log") lines.push(message.text())
          if (message.text() === "done") settle()
        })
      })
      page.on("pageerror", (error) => complaints.push(error.stack ?? error.message))
      await page.goto(stage.url)
      await Promise.race([done, page.waitForTimeout(RUN_MS)])
      return { lines, complaints: complaints.join("\n"), exitCode: null }
    } finally {
      await browser.close()
    }
  },
}

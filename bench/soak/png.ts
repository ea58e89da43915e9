import { writeFileSync } from "node:fs"
import { chromium } from "playwright-core"
import { executable } from "../../test/sdk/runtimes/executables.ts"

/** Pixels of the picture for each of the drawing. */
const SCALE = 2

/** Writes an SVG as a PNG, by the Chromium of the machine. */
export async function writePng(svg: string, size: { width: number; height: number }, file: string): Promise<void> {
  const path = executable("chromium") ?? executable("chromium-browser") ?? executable("google-chrome")
  if (path === null) throw new Error("no Chromium on PATH: apt-get install chromium")
  // its sandbox can't be set up by root
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : []
  const browser = await chromium.launch({ executablePath: path, headless: true, args })
  try {
    const page = await browser.newPage({ viewport: size, deviceScaleFactor: SCALE })
    await page.setContent(`<style>body{margin:0}</style>${svg}`)
    writeFileSync(file, await page.screenshot())
  } finally {
    await browser.close()
  }
}

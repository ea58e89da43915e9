/** Prints what a broker wrote to its standard error, without what the runtime says of its own bookkeeping of alarms after every kill. */
export function showErrors(text: string): void {
  const lines = text.split("\n").filter((line) => line !== "" && !line.includes("NOSENTRY"))
  if (lines.length > 0) console.error(lines.join("\n"))
}

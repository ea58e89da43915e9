import { expect } from "vitest"
import type { QueryParameters, SqsKeyScene } from "../sqs-key-scene.ts"
import type { QueryAnswer } from "../sqs-scene.ts"

/** Calls an action by the query protocol, and looks at its XML. */
export type QueryCall = (scene: SqsKeyScene) => Promise<void>

/** An action that must succeed, with an answer in the right document. */
export async function ask(scene: SqsKeyScene, action: string, parameters: QueryParameters = {}): Promise<QueryAnswer> {
  const answer = await scene.query(action, parameters)
  expect(answer.xml).toMatch(new RegExp(`^<\\?xml version="1.0"\\?>\\s*<${action}Response\\b`))
  expect(answer).toMatchObject({ status: 200 })
  expect(answer.headers.get("content-type")).toMatch(/^text\/xml/)
  expect(answer.xml).toMatch(/<ResponseMetadata><RequestId>[^<]+<\/RequestId><\/ResponseMetadata><\/\w+Response>$/)
  return answer
}

/** An action that must be refused: the status, and the code in its document. */
export async function refused(
  scene: SqsKeyScene,
  action: string,
  parameters: QueryParameters = {},
): Promise<readonly [status: number, code: string | undefined]> {
  const answer = await scene.query(action, parameters)
  expect(answer.xml).toMatch(/<ErrorResponse\b.*<Error><Type>Sender<\/Type>/s)
  return [answer.status, answer.text("Code")]
}

/** The pairs of a map, as the query protocol writes them side by side. */
export function pairs(answer: QueryAnswer, key: string): Record<string, string> {
  const values = answer.texts("Value")
  return Object.fromEntries(answer.texts(key).map((name, index) => [name, values[index] ?? ""]))
}

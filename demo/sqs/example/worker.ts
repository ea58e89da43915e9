/** Works on a queue: a program for Amazon SQS, which knows of nothing else. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Message } from "@aws-sdk/client-sqs"
import { Consumer } from "sqs-consumer"

const WORK_MS = 20

const app = Consumer.create({
  queueUrl: process.env["QUEUE_URL"]!,
  batchSize: 10,
  waitTimeSeconds: 20,
  terminateVisibilityTimeout: true,
  messageAttributeNames: ["All"],
  handleMessage: async (message: Message) => {
    const { event, number } = message.MessageAttributes!
    if (event?.StringValue === process.env["CAN_NOT_HANDLE"]) throw new Error(`no handler for ${event?.StringValue}`)
    await sleep(WORK_MS)
    console.log(`processed ${number?.StringValue}`)
    return message
  },
})

app.on("error", (error) => console.error(error.message))
app.on("processing_error", (error) => console.log(`failed: ${error.message}`))
app.on("stopped", () => process.exit(0))
process.once("SIGTERM", () => app.stop({ abort: true }))
app.start()

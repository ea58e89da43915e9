/** Works on a fifo queue: a program for Amazon SQS, which knows of nothing else. */
import type { Message } from "@aws-sdk/client-sqs"
import { Consumer } from "sqs-consumer"

const app = Consumer.create({
  queueUrl: process.env["QUEUE_URL"]!,
  batchSize: 10,
  waitTimeSeconds: 20,
  suppressFifoWarning: true,
  messageAttributeNames: ["All"],
  handleMessageBatch: (messages: Message[]) => {
    for (const { MessageAttributes } of messages) console.log(`processed ${MessageAttributes?.["number"]?.StringValue}`)
    return Promise.resolve(messages)
  },
})

app.on("error", (error) => console.error(error.message))
app.on("stopped", () => process.exit(0))
process.once("SIGTERM", () => app.stop({ abort: true }))
app.start()

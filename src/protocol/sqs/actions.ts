import { BLOB, BOOLEAN, INTEGER, list, map, STRING, structure, type ValueOf } from "./shapes.ts"

const QUEUE = structure({ QueueUrl: STRING })

const attributes = map("Attribute", "Name", "Value", STRING)
const tags = map("Tag", "Key", "Value", STRING)
const attributeNames = list("AttributeName", STRING)

/** A message attribute. The two lists exist in the API and were never implemented by it. */
const attributeValue = structure(
  { DataType: STRING },
  {
    StringValue: STRING,
    BinaryValue: BLOB,
    StringListValues: list("StringListValue", STRING),
    BinaryListValues: list("BinaryListValue", BLOB),
  },
)
const messageAttributes = map("MessageAttribute", "Name", "Value", attributeValue)

const messageTerms = {
  DelaySeconds: INTEGER,
  MessageAttributes: messageAttributes,
  MessageSystemAttributes: map("MessageSystemAttribute", "Name", "Value", attributeValue),
  MessageDeduplicationId: STRING,
  MessageGroupId: STRING,
}
const failed = list(
  "BatchResultErrorEntry",
  structure({ Id: STRING, SenderFault: BOOLEAN, Code: STRING }, { Message: STRING }),
)
const settledEntry = structure({ Id: STRING })

const sent = { MD5OfMessageBody: STRING, MessageId: STRING }
const sentOptional = { MD5OfMessageAttributes: STRING, MD5OfMessageSystemAttributes: STRING, SequenceNumber: STRING }

const message = structure(
  { MessageId: STRING, ReceiptHandle: STRING, MD5OfBody: STRING, Body: STRING },
  { Attributes: attributes, MD5OfMessageAttributes: STRING, MessageAttributes: messageAttributes },
)

const moveTask = structure(
  { Status: STRING, SourceArn: STRING, ApproximateNumberOfMessagesMoved: INTEGER, StartedTimestamp: INTEGER },
  {
    TaskHandle: STRING,
    DestinationArn: STRING,
    MaxNumberOfMessagesPerSecond: INTEGER,
    ApproximateNumberOfMessagesToMove: INTEGER,
    FailureReason: STRING,
  },
)

/**
 * Every action of the API: what is asked and what is answered, as the service model `sqs-2012-11-05` has it. Lists of
 * entries are optional here: an empty one has an error of its own.
 */
export const ACTIONS = {
  AddPermission: {
    input: structure(
      { QueueUrl: STRING, Label: STRING },
      { AWSAccountIds: list("AWSAccountId", STRING), Actions: list("ActionName", STRING) },
    ),
    output: null,
  },
  CancelMessageMoveTask: {
    input: structure({ TaskHandle: STRING }),
    output: structure({ ApproximateNumberOfMessagesMoved: INTEGER }),
  },
  ChangeMessageVisibility: {
    input: structure({ QueueUrl: STRING, ReceiptHandle: STRING, VisibilityTimeout: INTEGER }),
    output: null,
  },
  ChangeMessageVisibilityBatch: {
    input: structure(
      { QueueUrl: STRING },
      {
        Entries: list(
          "ChangeMessageVisibilityBatchRequestEntry",
          structure({ Id: STRING, ReceiptHandle: STRING }, { VisibilityTimeout: INTEGER }),
        ),
      },
    ),
    output: structure(
      {},
      { Successful: list("ChangeMessageVisibilityBatchResultEntry", settledEntry), Failed: failed },
    ),
  },
  CreateQueue: {
    input: structure({ QueueName: STRING }, { Attributes: attributes, tags }),
    output: structure({ QueueUrl: STRING }),
  },
  DeleteMessage: { input: structure({ QueueUrl: STRING, ReceiptHandle: STRING }), output: null },
  DeleteMessageBatch: {
    input: structure(
      { QueueUrl: STRING },
      { Entries: list("DeleteMessageBatchRequestEntry", structure({ Id: STRING, ReceiptHandle: STRING })) },
    ),
    output: structure({}, { Successful: list("DeleteMessageBatchResultEntry", settledEntry), Failed: failed }),
  },
  DeleteQueue: { input: QUEUE, output: null },
  GetQueueAttributes: {
    input: structure({ QueueUrl: STRING }, { AttributeNames: attributeNames }),
    output: structure({}, { Attributes: attributes }),
  },
  GetQueueUrl: {
    input: structure({ QueueName: STRING }, { QueueOwnerAWSAccountId: STRING }),
    output: structure({ QueueUrl: STRING }),
  },
  ListDeadLetterSourceQueues: {
    input: structure({ QueueUrl: STRING }, { NextToken: STRING, MaxResults: INTEGER }),
    output: structure({ queueUrls: list("QueueUrl", STRING) }, { NextToken: STRING }),
  },
  ListMessageMoveTasks: {
    input: structure({ SourceArn: STRING }, { MaxResults: INTEGER }),
    output: structure({ Results: list("ListMessageMoveTasksResultEntry", moveTask) }),
  },
  ListQueueTags: { input: QUEUE, output: structure({}, { Tags: tags }) },
  ListQueues: {
    input: structure({}, { QueueNamePrefix: STRING, NextToken: STRING, MaxResults: INTEGER }),
    output: structure({}, { QueueUrls: list("QueueUrl", STRING), NextToken: STRING }),
  },
  PurgeQueue: { input: QUEUE, output: null },
  ReceiveMessage: {
    input: structure(
      { QueueUrl: STRING },
      {
        AttributeNames: attributeNames,
        MessageSystemAttributeNames: list("MessageSystemAttributeName", STRING),
        MessageAttributeNames: list("MessageAttributeName", STRING),
        MaxNumberOfMessages: INTEGER,
        VisibilityTimeout: INTEGER,
        WaitTimeSeconds: INTEGER,
        ReceiveRequestAttemptId: STRING,
      },
    ),
    output: structure({}, { Messages: list("Message", message) }),
  },
  RemovePermission: { input: structure({ QueueUrl: STRING, Label: STRING }), output: null },
  SendMessage: {
    input: structure({ QueueUrl: STRING, MessageBody: STRING }, messageTerms),
    output: structure(sent, sentOptional),
  },
  SendMessageBatch: {
    input: structure(
      { QueueUrl: STRING },
      {
        Entries: list("SendMessageBatchRequestEntry", structure({ Id: STRING, MessageBody: STRING }, messageTerms)),
      },
    ),
    output: structure(
      {},
      {
        Successful: list("SendMessageBatchResultEntry", structure({ Id: STRING, ...sent }, sentOptional)),
        Failed: failed,
      },
    ),
  },
  SetQueueAttributes: { input: structure({ QueueUrl: STRING, Attributes: attributes }), output: null },
  StartMessageMoveTask: {
    input: structure({ SourceArn: STRING }, { DestinationArn: STRING, MaxNumberOfMessagesPerSecond: INTEGER }),
    output: structure({ TaskHandle: STRING }),
  },
  TagQueue: { input: structure({ QueueUrl: STRING, Tags: tags }), output: null },
  UntagQueue: { input: structure({ QueueUrl: STRING, TagKeys: list("TagKey", STRING) }), output: null },
} as const

/** The name of an action. */
export type ActionName = keyof typeof ACTIONS

/** What `Name` is asked with, once its wire form was read. */
export type Input<Name extends ActionName> = ValueOf<(typeof ACTIONS)[Name]["input"]>

/** What `Name` answers; null for an empty answer. */
export type Output<Name extends ActionName> = (typeof ACTIONS)[Name]["output"] extends null
  ? null
  : ValueOf<(typeof ACTIONS)[Name]["output"]>

/** One entry of a batch that was not carried out. */
export type FailedEntry = ValueOf<(typeof failed)["item"]>

/** Attributes of a message, as they are sent and received. */
export type MessageAttributes = ValueOf<typeof messageAttributes>

/** A message as it is received. */
export type ReceivedMessage = ValueOf<typeof message>

"""What is done with messages. Botocore checks digests of what it sends and receives by itself."""

from setup import counts, equal, fifo_queue, receive, refused, send_and_receive, sqs, standard_queue

ATTRIBUTES = {
    "author": {"DataType": "String", "StringValue": "Möbius & <sons>"},
    "pages": {"DataType": "Number", "StringValue": "17.5"},
    "cover": {"DataType": "Binary", "BinaryValue": b"\x00\xff\n\x80"},
}


def send_message():
    queue = fifo_queue()
    order = {"QueueUrl": queue, "MessageBody": "żółw 🐢", "MessageGroupId": "anna", "MessageDeduplicationId": "17"}
    sent = sqs.send_message(**order, MessageAttributes=ATTRIBUTES)
    equal(sqs.send_message(**order)["MessageId"], sent["MessageId"])
    [message] = receive(queue, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])
    equal((message["Body"], message["MessageAttributes"]), ("żółw 🐢", ATTRIBUTES))
    equal(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
    equal(message["Attributes"]["SequenceNumber"], sent["SequenceNumber"])


def send_message_batch():
    queue = standard_queue()
    entries = [{"Id": f"e{index}", "MessageBody": f"body {index}"} for index in range(10)]
    sent = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    equal([one["Id"] for one in sent["Successful"]], [entry["Id"] for entry in entries])
    equal([message["Body"] for message in receive(queue)], [entry["MessageBody"] for entry in entries])
    twice = [{"Id": "same", "MessageBody": "x"}, {"Id": "same", "MessageBody": "y"}]
    code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"
    refused(code, sqs.send_message_batch, QueueUrl=queue, Entries=twice)


def receive_message():
    queue = standard_queue()
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
    sqs.send_message(QueueUrl=queue, MessageBody="one", MessageAttributes=ATTRIBUTES)
    [message] = receive(queue, AttributeNames=["ApproximateReceiveCount"], MessageAttributeNames=["pages"])
    equal(message["Attributes"], {"ApproximateReceiveCount": "1"})
    equal(message["MessageAttributes"], {"pages": ATTRIBUTES["pages"]})
    refused("InvalidParameterValue", sqs.receive_message, QueueUrl=queue, MaxNumberOfMessages=11)


def delete_message():
    queue = standard_queue()
    [message] = send_and_receive(queue, "once")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    equal(counts(queue), (0, 0))
    refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=queue, ReceiptHandle="garbage")


def delete_message_batch():
    queue = standard_queue()
    one, two = send_and_receive(queue, "one", "two")
    entries = [{"Id": "one", "ReceiptHandle": one["ReceiptHandle"]}, {"Id": "bad", "ReceiptHandle": "garbage"}]
    deleted = sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    equal([entry["Id"] for entry in deleted["Successful"]], ["one"])
    equal([entry["Code"] for entry in deleted["Failed"]], ["ReceiptHandleIsInvalid"])
    equal(counts(queue), (0, 1))


def change_message_visibility():
    queue = standard_queue()
    [message] = send_and_receive(queue, "back at once")
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    [again] = receive(queue, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    equal((again["MessageId"], again["Attributes"]["ApproximateReceiveCount"]), (message["MessageId"], "2"))


def change_message_visibility_batch():
    queue = standard_queue()
    one, two = send_and_receive(queue, "one", "two")
    entries = [
        {"Id": "one", "ReceiptHandle": one["ReceiptHandle"], "VisibilityTimeout": 0},
        {"Id": "two", "ReceiptHandle": two["ReceiptHandle"], "VisibilityTimeout": 600},
    ]
    changed = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)
    equal([entry["Id"] for entry in changed["Successful"]], ["one", "two"])
    equal(counts(queue), (1, 1))

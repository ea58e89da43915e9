"""What is said of who may use a queue, and done with dead letters."""

from setup import GUEST_ACCOUNT, arn_of, attributes_of, counts, dead_letters, equal, guest, queue_with_dead_letters
from setup import refused, sqs, standard_queue, until


def add_permission():
    queue = standard_queue()
    refused("AccessDenied", guest.send_message, QueueUrl=queue, MessageBody="not yet")
    sqs.add_permission(QueueUrl=queue, Label="partner", AWSAccountIds=[GUEST_ACCOUNT], Actions=["SendMessage"])
    until(lambda: guest.send_message(QueueUrl=queue, MessageBody="from outside"))
    assert GUEST_ACCOUNT in attributes_of(queue, "Policy")["Policy"]


def remove_permission():
    queue = standard_queue()
    sqs.add_permission(QueueUrl=queue, Label="partner", AWSAccountIds=[GUEST_ACCOUNT], Actions=["SendMessage"])
    sqs.remove_permission(QueueUrl=queue, Label="partner")
    until(lambda: refused("AccessDenied", guest.send_message, QueueUrl=queue, MessageBody="no more"))
    refused("InvalidParameterValue", sqs.remove_permission, QueueUrl=queue, Label="partner")


def list_dead_letter_source_queues():
    queue, dead = queue_with_dead_letters(3)
    pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=dead)
    equal([url for page in pages for url in page["queueUrls"]], [queue])


def start_message_move_task():
    queue, dead = dead_letters(2)
    assert sqs.start_message_move_task(SourceArn=arn_of(dead))["TaskHandle"]
    until(lambda: equal((counts(queue)[0], counts(dead)[0]), (2, 0)))


def list_message_move_tasks():
    _, dead = dead_letters(1)
    source = arn_of(dead)
    sqs.start_message_move_task(SourceArn=source, DestinationArn=arn_of(standard_queue()))

    def is_over():
        [task] = sqs.list_message_move_tasks(SourceArn=source)["Results"]
        equal((task["Status"], task["ApproximateNumberOfMessagesMoved"]), ("COMPLETED", 1))

    until(is_over)


def cancel_message_move_task():
    _, dead = dead_letters(5)
    handle = sqs.start_message_move_task(SourceArn=arn_of(dead), MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] < 5

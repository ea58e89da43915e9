"""What is done to queues."""

from setup import attributes_of, counts, equal, new_name, receive, refused, sqs, standard_queue

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


def create_queue():
    name = new_name()
    made = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "45"}, tags={"team": "mills"})
    equal(made["QueueUrl"].rsplit("/", 1)[1], name)
    equal(sqs.create_queue(QueueName=name)["QueueUrl"], made["QueueUrl"])
    refused("QueueAlreadyExists", sqs.create_queue, QueueName=name, Attributes={"VisibilityTimeout": "46"})


def get_queue_url():
    queue = standard_queue()
    equal(sqs.get_queue_url(QueueName=queue.rsplit("/", 1)[1])["QueueUrl"], queue)
    error = refused(NO_QUEUE, sqs.get_queue_url, QueueName="absent")
    assert isinstance(error, sqs.exceptions.QueueDoesNotExist)


def list_queues():
    prefix = new_name("-listed-")
    made = [sqs.create_queue(QueueName=prefix + letter)["QueueUrl"] for letter in "abc"]
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix, PaginationConfig={"PageSize": 2})
    equal([url for page in pages for url in page["QueueUrls"]], made)


def get_queue_attributes():
    found = attributes_of(standard_queue(DelaySeconds="3"))
    equal(found["DelaySeconds"], "3")
    equal(found["QueueArn"].split(":")[:4], ["arn", "aws", "sqs", "us-east-1"])


def set_queue_attributes():
    queue = standard_queue()
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "7", "MaximumMessageSize": "2048"})
    equal(attributes_of(queue, "VisibilityTimeout", "MaximumMessageSize"), {"VisibilityTimeout": "7", "MaximumMessageSize": "2048"})
    refused("InvalidAttributeName", sqs.set_queue_attributes, QueueUrl=queue, Attributes={"Colour": "red"})


def tag_queue():
    queue = standard_queue()
    sqs.tag_queue(QueueUrl=queue, Tags={"env": "test", "team": "mills"})
    equal(sqs.list_queue_tags(QueueUrl=queue)["Tags"], {"env": "test", "team": "mills"})


def list_queue_tags():
    equal(sqs.list_queue_tags(QueueUrl=standard_queue()).get("Tags", {}), {})


def untag_queue():
    queue = standard_queue()
    sqs.tag_queue(QueueUrl=queue, Tags={"env": "test", "team": "mills"})
    sqs.untag_queue(QueueUrl=queue, TagKeys=["env"])
    equal(sqs.list_queue_tags(QueueUrl=queue)["Tags"], {"team": "mills"})


def purge_queue():
    queue = standard_queue()
    sqs.send_message(QueueUrl=queue, MessageBody="in flight")
    receive(queue)
    sqs.purge_queue(QueueUrl=queue)
    equal(counts(queue), (0, 0))
    refused("AWS.SimpleQueueService.PurgeQueueInProgress", sqs.purge_queue, QueueUrl=queue)


def delete_queue():
    queue = standard_queue()
    sqs.delete_queue(QueueUrl=queue)
    refused(NO_QUEUE, sqs.delete_queue, QueueUrl=queue)

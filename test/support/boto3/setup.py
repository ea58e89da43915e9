"""What the calls share: clients that find endpoint and credentials in the environment, queues, and patience."""

import itertools
import json
import os
import time

import boto3
from botocore.exceptions import ClientError

sqs = boto3.client("sqs", region_name="us-east-1")
guest = boto3.client(
    "sqs",
    region_name="us-east-1",
    aws_access_key_id=os.environ["GUEST_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["GUEST_SECRET_ACCESS_KEY"],
)
GUEST_ACCOUNT = os.environ["GUEST_ACCOUNT_ID"]

_numbers = itertools.count()


def new_name(suffix=""):
    """A name that no other queue has."""
    return f"boto-{next(_numbers)}{suffix}"


def standard_queue(**attributes):
    return sqs.create_queue(QueueName=new_name(), Attributes=attributes)["QueueUrl"]


def fifo_queue(**attributes):
    return sqs.create_queue(QueueName=new_name(".fifo"), Attributes={"FifoQueue": "true", **attributes})["QueueUrl"]


def attributes_of(queue, *names):
    return sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(names) or ["All"])["Attributes"]


def arn_of(queue):
    return attributes_of(queue, "QueueArn")["QueueArn"]


def counts(queue):
    """How many messages there are: to be had, and in flight."""
    found = attributes_of(queue)
    return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])


def send_and_receive(queue, *bodies):
    entries = [{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    received = receive(queue)
    equal([message["Body"] for message in received], list(bodies))
    return received


def receive(queue, **options):
    return sqs.receive_message(QueueUrl=queue, **{"MaxNumberOfMessages": 10, **options}).get("Messages", [])


def queue_with_dead_letters(max_receive_count):
    dead = standard_queue()
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": max_receive_count})
    return standard_queue(RedrivePolicy=policy), dead


def dead_letters(count):
    """A queue whose messages have all become dead letters, and where those are."""
    queue, dead = queue_with_dead_letters(1)
    entries = [{"Id": str(index), "MessageBody": f"poison {index}"} for index in range(count)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)

    def all_dead():
        receive(queue, VisibilityTimeout=0)
        equal(counts(dead)[0], count)

    until(all_dead)
    return queue, dead


def until(check, patience_s=20):
    """Repeats a check until it holds."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return check()
        except (AssertionError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def equal(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def refused(code, call, **arguments):
    """The error must have that code, whatever class it has."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        equal(error.response["Error"]["Code"], code)
        return error
    raise AssertionError(f"answered {answer!r}")

"""Calls every action of the API by boto3; a line of JSON for each says what went wrong, or null."""

import json
import re
import traceback

import messages
import queues
import rights_and_moves
import setup


def main():
    for action in setup.sqs.meta.service_model.operation_names:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
        calls = [getattr(module, name) for module in (queues, messages, rights_and_moves) if hasattr(module, name)]
        print(json.dumps({"action": action, "error": failure_of(calls)}), flush=True)


def failure_of(calls):
    try:
        [call] = calls
        call()
        return None
    except Exception:
        return traceback.format_exc()


main()

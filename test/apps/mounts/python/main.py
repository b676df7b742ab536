"""Runs the body of each event as code, and replies with what it names `value`, as JSON."""

import errno
import json


def handler(event, context):
    names = {}
    try:
        exec(event["body"], names)
        reply = {"value": names.get("value")}
    except OSError as error:
        reply = {"error": errno.errorcode.get(error.errno, str(error))}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(reply)}

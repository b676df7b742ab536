"""Waits in a thread that can do nothing else meanwhile."""
import time


def handler(event, context):
    time.sleep(0.05)
    return {"statusCode": 200, "body": "waited\n"}

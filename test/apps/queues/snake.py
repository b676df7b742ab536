import json
import os
import urllib.request


def call(operation, **members):
    headers = {"x-amz-target": "AmazonSQS." + operation, "content-type": "application/x-amz-json-1.0"}
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL_SQS"], json.dumps(members).encode(), headers)
    with urllib.request.urlopen(request) as reply:
        return json.loads(reply.read() or b"{}")


def handler(event, context):
    queue = os.environ["MAYFLY_QUEUE_JOBS"]
    call("SendMessage", QueueUrl=queue, MessageBody="from Python")
    [message] = call("ReceiveMessage", QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    call("DeleteMessage", QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return {"statusCode": 200, "body": message["Body"]}

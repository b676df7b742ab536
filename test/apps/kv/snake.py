import json
import os
import urllib.request


def handler(event, context):
    url = os.environ["MAYFLY_KV_KV"] + "/values/from-python"
    urllib.request.urlopen(urllib.request.Request(url, data=b"written by Python", method="PUT"))
    with urllib.request.urlopen(url) as reply:
        return {"statusCode": 200, "body": json.dumps([reply.read().decode(), reply.headers["etag"]])}

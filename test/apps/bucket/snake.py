import os
import urllib.request


def handler(event, context):
    url = f"{os.environ['AWS_ENDPOINT_URL_S3']}/{os.environ['MAYFLY_BUCKET_FILES']}/from-python"
    urllib.request.urlopen(urllib.request.Request(url, data=b"snake", method="PUT")).read()
    return {"statusCode": 200, "body": urllib.request.urlopen(url).read().decode()}

import os
import urllib.request


def handler(event, context):
    url = f"{os.environ['AWS_ENDPOINT_URL_S3']}/{os.environ['MAYFLY_BUCKET_FILES']}/from-python"
    urllib.request.urlopen(urllib.request.Request(url, data=b"snake", method="PUT")).read()
    # Python's SDK reads this variable alone.
    region = os.environ["AWS_DEFAULT_REGION"]
    return {"statusCode": 200, "body": f"{urllib.request.urlopen(url).read().decode()} in {region}"}

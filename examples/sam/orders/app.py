import json
import os

from prices import price_of


def lambda_handler(event, context):
    order = event["pathParameters"]["id"]
    return {"statusCode": 200, "body": json.dumps({"order": order, "price": f"{price_of(order)} {os.environ['CURRENCY']}"})}

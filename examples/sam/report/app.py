import os

from words import headline


def lambda_handler(event, context):
    with open(os.path.join(os.path.dirname(__file__), "report.txt")) as file:
        return {"statusCode": 200, "body": headline(file.read().strip()) + "\n"}

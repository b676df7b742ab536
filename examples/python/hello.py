# mayfly deploy examples/python
# curl "http://127.0.0.1:8080/greetings/hello?name=Ada"
from pathlib import Path

greetings = Path(__file__).with_name("greetings.txt").read_text().split()


def handler(event, context):
    name = (event.get("queryStringParameters") or {}).get("name", "world")
    print(f"greeting {name}")
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": f"{greetings[0]}, {name}!\n"}

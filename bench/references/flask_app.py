# Flask as its documentation begins, for gunicorn.
from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "hello\n", 200, {"content-type": "text/plain"}

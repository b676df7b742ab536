"""
An app of Flask, which the deploy installs from requirements.txt. Its template travels by `files`.

  mayfly deploy examples/flask
  curl localhost:8080/lengths/web
  curl -d amount=2 -d unit=mile localhost:8080/lengths/web
  curl localhost:8080/lengths/web/units/mile
"""

from flask import Flask, abort, render_template, request

METRES = {"foot": 0.3048, "yard": 0.9144, "mile": 1609.344}

app = Flask(__name__)


@app.get("/")
def form():
    return render_template("lengths.html", units=METRES)


@app.post("/")
def convert():
    unit, amount = request.form.get("unit"), request.form.get("amount", type=float)
    if unit not in METRES or amount is None:
        abort(400, "amount must be a number, and unit one of the list")
    print(f"converting {amount:g} {unit}")
    return render_template("lengths.html", units=METRES, unit=unit, amount=amount, metres=amount * METRES[unit])


@app.get("/units/<name>")
def unit(name):
    return {"unit": name, "metres": METRES[name]} if name in METRES else abort(404)

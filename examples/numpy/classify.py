"""
Tells digits of 5 rows with 3 dots each, also where a dot is wrong, by a model that is trained with numpy before the first call. With
`"snapshot": true` a machine is frozen as soon as the model is trained, and all others start from there.

  mayfly deploy examples/numpy
  curl 'localhost:8080/digits/classify?rows=110,101,101,101,111'

Snapshots need the driver qemu. With others, take the key out of mayfly.json: each machine then trains a model of its own.
"""

import numpy as np

DIGITS = """
111 010 111 111 101 111 111 111 111 111
101 110 001 001 101 100 100 001 101 101
101 010 111 111 111 111 111 001 111 111
101 010 100 001 001 001 101 001 101 001
111 111 111 111 001 111 111 001 111 111
"""


def dots(rows):
    return np.array([int(dot) for row in rows for dot in row], float)


def probabilities(samples, weights):
    scores = np.exp(samples @ weights)
    return scores / scores.sum(axis=-1, keepdims=True)


def train(copies=100, steps=200, wrong=0.05):
    """Logistic regression over copies of each digit of which some dots are wrong."""
    rows = [line.split() for line in DIGITS.strip().splitlines()]
    clean = np.stack([dots(digit) for digit in zip(*rows)])
    answers = np.repeat(np.arange(10), copies)
    samples = np.abs(clean[answers] - (np.random.default_rng(1).random((10 * copies, 15)) < wrong))
    weights = np.zeros((15, 10))
    for _ in range(steps):
        weights -= samples.T @ (probabilities(samples, weights) - np.eye(10)[answers]) / copies
    print(f"trained: {(probabilities(samples, weights).argmax(axis=1) == answers).mean():.0%} of the samples are told")
    return weights


model = train()


def handler(event, context):
    rows = (event.get("queryStringParameters") or {}).get("rows", "").split(",")
    if [len(row) for row in rows] != [3] * 5 or set("".join(rows)) - set("01"):
        return {"statusCode": 400, "body": "rows must be 5 texts of three 0 or 1 each, with commas between them\n"}
    likely = probabilities(dots(rows), model)
    return {"digit": int(likely.argmax()), "probability": round(float(likely.max()), 2)}

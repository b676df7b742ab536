"""
An app of FastAPI, which the deploy installs from requirements.txt: a checked body, and a reply that comes in pieces while others are served.

  mayfly deploy examples/fastapi
  curl -N -H 'content-type: application/json' -d '{"size": "large", "minutes": 3}' localhost:8080/kitchen/api/eggs
  curl localhost:8080/kitchen/api/sizes
"""

import asyncio
from enum import Enum

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field


class Size(str, Enum):
    small = "small"
    large = "large"


class Egg(BaseModel):
    size: Size
    minutes: int = Field(ge=1, le=10)


app = FastAPI()


@app.post("/eggs")
async def boil(egg: Egg):
    print(f"boiling a {egg.size.value} egg")

    async def pieces():
        for minute in range(1, egg.minutes + 1):
            # A minute of this kitchen is short.
            await asyncio.sleep(0.1)
            yield f"{minute} of {egg.minutes} minutes\n"
        yield f"the {egg.size.value} egg is done\n"

    return StreamingResponse(pieces(), media_type="text/plain")


@app.get("/sizes")
async def sizes():
    return [size.value for size in Size]

"""The program that runs inside a machine: `python3 -m mayfly`. Its only parameters are environment variables: MAYFLY_CHANNEL and its like."""

from .agent import start_agent

start_agent()

"""Apps of ASGI 3, such as those of FastAPI and Starlette: requests over HTTP, and the lifespan."""

/** Runs the body of each request as code, and replies with its value as JSON. */
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import * as childProcess from "node:child_process";

const AsyncFunction = (async () => {}).constructor;

export default {
  async fetch(request) {
    const run = new AsyncFunction("fs", "fsp", "childProcess", await request.text());
    try {
      return Response.json({ value: await run(fs, fsp, childProcess) });
    } catch (error) {
      return Response.json({ error: error.code ?? error.message });
    }
  },
};

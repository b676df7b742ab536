/** Reports what a function sees of its machine. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

const machine = randomUUID();

export default {
  fetch(): Response {
    const { GREETING, API_KEY } = process.env;
    return Response.json({ machine, GREETING, API_KEY, hostname: hostname(), uid: process.getuid?.(), pid: process.pid });
  },
};

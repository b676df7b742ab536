/** A program in the machine calls a function of the app: its connections do not pass Node's own network here. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const program = `fetch("http://back.mayfly.internal/child").then((reply) => reply.text()).then((text) => process.stdout.write(text))`;

export default {
  async fetch(): Promise<Response> {
    try {
      const { stdout } = await promisify(execFile)(process.execPath, ["-e", program]);
      return new Response(stdout);
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};

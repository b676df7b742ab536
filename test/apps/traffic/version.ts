/** Says of which upload its code and its configuration are. The test replaces the version of the code. */
const VERSION = "version 0";

interface Env {
  VERSION?: string;
  /** Calls fail if it is set. */
  FAILS?: string;
}

export default {
  async fetch(_request: Request, env: Env): Promise<Response> {
    const atFirst = env.VERSION;
    await new Promise((resolve) => setImmediate(resolve));
    if (env.FAILS !== undefined) throw new Error("this upload is broken");
    return new Response(`${VERSION.slice("version ".length)} ${atFirst} ${env.VERSION}`);
  },
};

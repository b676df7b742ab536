/** Calls over keep-alive connections, and their outcomes. */
import { Agent, get } from "node:http";

export class Caller {
  /** How long each call waited for a slot, a start or a bind, in ms, as measured by the server. */
  readonly waits: number[] = [];
  readonly failures: string[] = [];
  readonly #agent = new Agent({ keepAlive: true });

  /** Never rejects; failures are counted. */
  async call(url: string): Promise<void> {
    try {
      const { status, timing, body } = await this.#get(url).catch((error: unknown) => {
        if (error !== STALE) throw error;
        return this.#get(url);
      });
      if (status === 200) this.waits.push(waitIn(timing));
      else this.failures.push(`${status}: ${body}`);
    } catch (error) {
      this.failures.push((error as Error).message);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #get(url: string): Promise<{ status: number | undefined; timing: string; body: string }> {
    return new Promise((resolve, reject) => {
      let answered = false;
      const request = get(url, { agent: this.#agent }, (response) => {
        answered = true;
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode, timing: String(response.headers["server-timing"] ?? ""), body }));
      });
      request.on("error", (error) => reject(request.reusedSocket && !answered ? STALE : error));
    });
  }
}

/** The server closed an idle connection just as it was used again, which it may do: every HTTP client then uses another connection. */
const STALE = new Error("a connection was closed before its reply");

/** "queue;dur=1.5, start;dur=0, bind;dur=2, run;dur=3" → 3.5 */
function waitIn(timing: string): number {
  return [...timing.matchAll(/(?:queue|start|bind);dur=([\d.]+)/g)].reduce((sum, [, ms]) => sum + Number(ms), 0);
}

/** Makes the calls of env.<queue> that the request names, and answers with their results, or the codes of their errors. */
interface Asked {
  on: string;
  calls: [method: "send" | "sendBatch", ...args: unknown[]][];
}

type Queue = Record<"send" | "sendBatch", (...args: unknown[]) => Promise<unknown>>;

export default {
  async fetch(request: Request, env: Record<string, Queue>): Promise<Response> {
    const { on, calls } = (await request.json()) as Asked;
    const results: unknown[] = [];
    for (const [method, ...args] of calls)
      results.push(await env[on]![method](...args).catch((error: Error & { code?: string }) => error.code ?? error.name));
    return Response.json(results);
  },
};

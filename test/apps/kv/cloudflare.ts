// Runs what the request says on env.KV or env.OTHER, as [method, ...parameters], and returns what came of it.
export default {
  async fetch(request: Request, env: Record<string, Record<string, (...parameters: unknown[]) => Promise<unknown>>>): Promise<Response> {
    const { on = "KV", calls } = (await request.json()) as { on?: string; calls: [string, ...unknown[]][] };
    const results = [];
    for (const [method, ...parameters] of calls) {
      try {
        results.push((await env[on]![method]!(...parameters)) ?? null);
      } catch (error) {
        results.push((error as { code?: string }).code ?? (error as Error).name);
      }
    }
    return Response.json(results.map((each) => (each instanceof Map ? Array.from(each) : each)));
  },
};

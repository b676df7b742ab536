// Notes what the trigger tells of.
export default {
  async fetch(request: Request, env: { KV: { put(key: string, value: string): Promise<unknown> } }): Promise<Response> {
    const { type, key } = (await request.json()) as { type: string; key: string };
    await env.KV.put(`seen/${key}`, type);
    return new Response("noted");
  },
};

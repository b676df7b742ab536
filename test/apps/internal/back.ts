export default {
  async fetch(request: Request, env: { VERSION?: string }): Promise<Response> {
    const body = request.method === "POST" ? (await request.arrayBuffer()).byteLength : 0;
    return new Response(`${env.VERSION} ${request.url} ${body}`);
  },
};

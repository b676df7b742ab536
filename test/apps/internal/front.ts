/** Calls other functions of its app by their names. */
export default {
  async fetch(request: Request, env: { VERSION?: string }): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const to = searchParams.get("to") ?? "back";
    try {
      const init = request.method === "POST" ? { method: "POST", body: request.body, duplex: "half" } : {};
      const response = await fetch(`http://${to}.mayfly.internal${pathname}?from=front`, init as RequestInit);
      return new Response(`${env.VERSION} ${await response.text()}`, { status: response.status });
    } catch (error) {
      return new Response(`${(error as Error).message}: ${String((error as Error).cause)}`, { status: 500 });
    }
  },
};

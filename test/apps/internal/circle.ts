/** Calls itself without end. */
export default {
  async fetch(): Promise<Response> {
    const response = await fetch("http://circle.mayfly.internal/");
    return new Response(await response.text(), { status: response.status });
  },
};

/** Waits 50 ms as for a database, and replies. */
export default {
  async fetch(): Promise<Response> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return new Response("waited\n");
  },
};

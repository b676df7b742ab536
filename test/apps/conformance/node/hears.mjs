/** Waits until nobody wants its reply any more. */
export default {
  async fetch({ signal }) {
    console.log("listening");
    await new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", resolve)));
    console.log("heard");
    return new Response();
  },
};

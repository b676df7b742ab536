/**
 * The smallest app: one function in the Web standard's style.
 *
 *   mayfly deploy examples/hello
 *   mayfly invoke hello/hello?name=Ada
 */
export default {
  fetch(request: Request): Response {
    const name = new URL(request.url).searchParams.get("name") ?? "world";
    return new Response(`Hello, ${name}!\n`);
  },
};

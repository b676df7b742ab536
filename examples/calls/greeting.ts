export default {
  fetch(request: Request): Response {
    const name = (new URL(request.url).searchParams.get("name") ?? "world").replaceAll(/[^\p{L}\p{N} .'-]/gu, "");
    return new Response(`Hello, ${name}!`);
  },
};

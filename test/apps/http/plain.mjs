export default { fetch: ({ url }) => new Response(`${new URL(url).pathname} ${"text ".repeat(1000)}`) };

/** Does what its caller asks for, good or bad. It finds out about Mayfly by its variables and headers alone. */
const http = require("node:http");
const { part } = require("./part.cjs");
const { greet } = require("greeter");

const deeds = {
  say(request, response) {
    const { method, url, headers } = request;
    response.setHeader("x-own", ["one", "two"]);
    response.end(
      JSON.stringify({
        method,
        url,
        kind: headers["x-mayfly-kind"],
        part,
        greeting: greet("Ada"),
        args: process.argv.slice(2),
        colour: process.env.COLOUR,
      }),
    );
  },
  /** Answers every piece at once. */
  echo(request, response) {
    response.setHeader("content-type", "application/octet-stream");
    request.pipe(response);
  },
  /** Any number may wait at the same time. */
  wait: (request, response) => setTimeout(() => response.end("waited"), 50),
  exit() {
    process.exit(7);
  },
  crash() {
    process.abort();
  },
  spin() {
    for (;;);
  },
  /** Memory without an end, none of it V8's own. */
  leak() {
    const held = [];
    for (;;) held.push(Buffer.alloc(8 << 20, 1));
  },
  /** Headers without an end. */
  flood({ socket }) {
    socket.write("HTTP/1.1 200 OK\r\n");
    const more = () => {
      while (!socket.destroyed && socket.write("x-more: and more\r\n".repeat(1000)));
    };
    socket.on("drain", more).on("error", () => {});
    more();
  },
};

http
  .createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://server");
    const name = pathname.slice(1);
    if (name !== "wait") console.log(`asked to ${name} as ${request.headers["x-mayfly-invocation"]}`);
    if (Object.hasOwn(deeds, name)) deeds[name](request, response);
    else deeds.say(request, response);
  })
  .listen(process.env.PORT, () => console.log(`listens with ${process.argv[2]}`));

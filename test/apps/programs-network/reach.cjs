/** A program in plain Node, which knows nothing of Mayfly: it connects as its caller asks, over TLS, over HTTP, or through a static program. */
const { execFile } = require("node:child_process");
const dns = require("node:dns/promises");
const http = require("node:http");
const net = require("node:net");
const tls = require("node:tls");

const read = (socket) =>
  new Promise((resolve, reject) => {
    let said = "";
    socket.setEncoding("utf8").on("data", (text) => (said += text));
    socket.on("end", () => resolve(said)).on("error", reject);
  });

const ways = {
  tcp: (host, port) => read(net.connect({ host, port })),
  tls: (host, port) => read(tls.connect({ host, port, servername: "localhost", ca: process.env.CA })),
  static: (host, port) =>
    new Promise((resolve, reject) =>
      execFile("./busybox", ["nc", host, String(port)], (error, out) => (error ? reject(error) : resolve(out))),
    ),
  resolve4: async (host) => (await dns.resolve4(host)).join(),
  resolve6: async (host) => (await dns.resolve6(host)).join(),
  resolveMx: async (host) => JSON.stringify(await dns.resolveMx(host)),
  half: (host, port) => {
    const socket = net.connect({ host, port, allowHalfOpen: true });
    socket.end("x".repeat(1_000_000));
    return read(socket);
  },
};

http
  .createServer(async (request, response) => {
    const { searchParams } = new URL(request.url, "http://x");
    const [way, host, port, times] = ["way", "host", "port", "times"].map((name) => searchParams.get(name));
    const all = Array.from({ length: Number(times ?? 1) }, () => ways[way](host, Number(port)));
    response.end(
      await Promise.all(all).then(
        (said) => said.join(""),
        (error) => error.code,
      ),
    );
  })
  .listen(process.env.PORT, "127.0.0.1");

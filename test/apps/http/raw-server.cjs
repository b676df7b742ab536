const http = require("node:http");

const server = http.createServer(async (request, response) => {
  if (request.url === "/hints") {
    response.writeEarlyHints({ link: "</a.css>; rel=preload; as=style", "x-other": "1" });
    setTimeout(() => response.end("with hints"), 20);
    return;
  }
  if (request.url === "/trailers") {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.write(`got ${body} `);
    response.addTrailers({ "X-Behind": `seen ${request.trailers["x-sent"]}`, "Set-Cookie": "a=1" });
    setTimeout(() => response.end("whole"), 20);
    return;
  }
  response.writeHead(206, { "content-range": "bytes 0-1/4", "x-range": String(request.headers.range) });
  response.end("ra");
});
server.listen(process.env.PORT, process.env.HOST);

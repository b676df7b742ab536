/** A program that makes HTTPS requests as the caller's query says, and tells what became of them and where in the machine the secret can be found. */
import { createServer } from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";

const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });

createServer(async (request, response) => {
  const query = new URL(request.url, "http://localhost").searchParams;
  const answers = [];
  for (let time = 0; time < Number(query.get("times")); time++)
    answers.push(await (query.get("way") === "fetch" ? byFetch(query) : byHttps(query)).catch(({ message }) => ({ error: message })));
  const holds = JSON.stringify(process.env).includes(query.get("secret")) ? ["variables"] : [];
  response.end(JSON.stringify({ answers, holds }));
}).listen(Number(process.env.PORT));

function orderOf(query) {
  const bytes = Number(query.get("bytes"));
  return {
    method: bytes === 0 ? "GET" : "POST",
    headers: { authorization: query.get("mine") ?? "", "x-mine": "1" },
    body: Buffer.alloc(bytes),
  };
}

async function byFetch(query) {
  const { method, headers, body } = orderOf(query);
  const response = await fetch(query.get("url"), { method, headers, ...(body.length > 0 && { body }) });
  return { status: response.status, text: await response.text() };
}

function byHttps(query) {
  const { body, ...order } = orderOf(query);
  return new Promise((resolve, reject) => {
    const ca = query.has("ca") ? { ca: process.env.CA } : {};
    const outgoing = https.request(query.get("url"), { agent, ...order, ...ca }, (response) => {
      text(response).then((whole) => resolve({ status: response.statusCode, text: whole }), reject);
    });
    outgoing.on("error", reject).end(body);
  });
}

import { serve, upgradeWebSocket } from "@hono/node-server";
import { Hono } from "hono";
import { WebSocketServer } from "ws";

const app = new Hono();
app.get("/", (context) => context.text("plain"));
app.get(
  "/socket",
  upgradeWebSocket((context) => ({
    onOpen: (_event, socket) => socket.send(`open for ${context.req.query("who")}`),
    onMessage: ({ data }, socket) => socket.send(`you said ${typeof data === "string" ? data : "bytes"}`),
  })),
);
serve({ fetch: app.fetch, port: Number(process.env.PORT), websocket: { server: new WebSocketServer({ noServer: true }) } });

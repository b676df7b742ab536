/** What `mayfly init` writes: small apps that deploy and answer as they are. */

export interface Template {
  /** For the list of templates. */
  what: string;
  /** What mayfly.json has besides the name. */
  manifest: { functions?: Record<string, object>; [key: string]: unknown };
  /** The other files, by name. */
  files: Record<string, string>;
  /** Commands to run in the folder before the first deploy. */
  before: string[];
}

const packageOf = (dependencies: Record<string, string>) =>
  `${JSON.stringify({ private: true, type: "module", dependencies }, undefined, 2)}\n`;

/** Named by runtime, or by framework. Those of runtimes have a function `hello`, and the others one that is named for what it is. */
export const templates = {
  node: {
    what: "TypeScript with Request and Response, as browsers have them",
    manifest: { functions: { hello: { entry: "hello.ts" } } },
    files: {
      "hello.ts": `export default {
  fetch(request: Request): Response {
    const name = new URL(request.url).searchParams.get("name") ?? "world";
    return new Response(\`Hello, \${name}!\\n\`);
  },
};
`,
    },
    before: [],
  },
  python: {
    what: "Python, in the style of AWS Lambda",
    manifest: { runtime: "python", functions: { hello: { entry: "hello.py" } } },
    files: {
      "hello.py": `def handler(event, context):
    name = (event.get("queryStringParameters") or {}).get("name", "world")
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": f"Hello, {name}!\\n"}
`,
    },
    before: [],
  },
  java: {
    what: "Java, in the style of AWS Lambda",
    manifest: { runtime: "java", functions: { hello: { entry: "Hello.java", handler: "Hello" } } },
    files: {
      "Hello.java": `import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

public class Hello implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  @Override
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    Map<?, ?> query = (Map<?, ?>) event.getOrDefault("queryStringParameters", Map.of());
    Object name = query.containsKey("name") ? query.get("name") : "world";
    return Map.of("statusCode", 200, "headers", Map.of("content-type", "text/plain"), "body", "Hello, " + name + "!\\n");
  }
}
`,
    },
    before: [],
  },
  lambda: {
    what: "TypeScript, in the style of AWS Lambda",
    manifest: { functions: { hello: { entry: "hello.ts" } } },
    files: {
      "hello.ts": `interface HttpEvent {
  queryStringParameters?: Record<string, string>;
}

export const handler = async (event: HttpEvent) => {
  const name = event.queryStringParameters?.["name"] ?? "world";
  return { statusCode: 200, headers: { "content-type": "text/plain" }, body: \`Hello, \${name}!\\n\` };
};
`,
    },
    before: [],
  },
  hono: {
    what: "an app of Hono",
    manifest: { functions: { web: { entry: "app.ts" } } },
    files: {
      "package.json": packageOf({ hono: "^4" }),
      "app.ts": `import { Hono } from "hono";

const app = new Hono();

app.get("/", (c) => c.text(\`Hello, \${c.req.query("name") ?? "world"}!\\n\`));
app.get("/greetings/:name", (c) => c.json({ greeting: \`Hello, \${c.req.param("name")}!\` }));

export default app;
`,
    },
    before: ["npm install"],
  },
  express: {
    what: "an app of Express, as a server that listens on $PORT",
    manifest: { runtime: "server", functions: { web: { command: ["node", "server.mjs"] } }, external: ["express"] },
    files: {
      "package.json": packageOf({ express: "^5" }),
      "server.mjs": `import express from "express";

const app = express();

app.get("/", (request, response) => response.type("text").send(\`Hello, \${request.query.name ?? "world"}!\\n\`));
app.get("/greetings/:name", (request, response) => response.json({ greeting: \`Hello, \${request.params.name}!\` }));

app.listen(process.env.PORT, "127.0.0.1");
`,
    },
    before: ["npm install"],
  },
  flask: {
    what: "an app of Flask",
    manifest: { runtime: "python", functions: { web: { entry: "app.py" } } },
    files: {
      "requirements.txt": "flask>=2.2,<4\n",
      "app.py": `from flask import Flask, request

app = Flask(__name__)


@app.get("/")
def hello():
    return f"Hello, {request.args.get('name', 'world')}!\\n", {"content-type": "text/plain"}


@app.get("/greetings/<name>")
def greeting(name):
    return {"greeting": f"Hello, {name}!"}
`,
    },
    before: [],
  },
  fastapi: {
    what: "an app of FastAPI",
    manifest: { runtime: "python", functions: { web: { entry: "app.py" } } },
    files: {
      "requirements.txt": "fastapi>=0.92\n",
      "app.py": `from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI()


@app.get("/", response_class=PlainTextResponse)
async def hello(name: str = "world"):
    return f"Hello, {name}!\\n"


@app.get("/greetings/{name}")
async def greeting(name: str):
    return {"greeting": f"Hello, {name}!"}
`,
    },
    before: [],
  },
  "java-server": {
    what: "a web server in Java, with nothing but the JDK",
    manifest: { runtime: "server", functions: { web: { command: ["java", "Server.java"] } } },
    files: {
      "Server.java": `import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

public class Server {
  public static void main(String[] arguments) throws Exception {
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
    server.createContext("/", exchange -> {
      var query = exchange.getRequestURI().getRawQuery();
      var name = query != null && query.startsWith("name=") ? URLDecoder.decode(query.substring(5), StandardCharsets.UTF_8) : "world";
      var body = ("Hello, " + name + "!\\n").getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("content-type", "text/plain");
      exchange.sendResponseHeaders(200, body.length);
      try (var out = exchange.getResponseBody()) {
        out.write(body);
      }
    });
    server.start();
  }
}
`,
    },
    before: [],
  },
  go: {
    what: "a web server in Go",
    manifest: { runtime: "server", functions: { web: { command: ["./server"] } } },
    files: {
      "server.go": `package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("name")
		if name == "" {
			name = "world"
		}
		fmt.Fprintf(w, "Hello, %s!\\n", name)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
`,
    },
    before: ["CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -o server server.go"],
  },
  site: {
    what: "a page and a function, by one app",
    manifest: { functions: { hello: { entry: "hello.ts" } }, static: "public/" },
    files: {
      "public/index.html": `<!doctype html>
<meta charset="utf-8" />
<title>Hello</title>
<p>Who are you? <input id="name" /></p>
<p id="greeting"></p>
<script type="module" src="hello.js"></script>
`,
      "public/hello.js": `const [name, greeting] = ["name", "greeting"].map((id) => document.getElementById(id));
name.addEventListener("input", async () => {
  greeting.textContent = await (await fetch(\`hello?name=\${encodeURIComponent(name.value)}\`)).text();
});
`,
      "hello.ts": `export default {
  fetch(request: Request): Response {
    const name = new URL(request.url).searchParams.get("name") || "world";
    return new Response(\`Hello, \${name}!\\n\`);
  },
};
`,
    },
    before: [],
  },
} satisfies Record<string, Template>;

export type TemplateName = keyof typeof templates;

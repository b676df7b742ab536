import { type Row, answering } from "./row.ts";

export const rendering: Row[] = [
  {
    name: "i18next-fs",
    packages: ["i18next", "i18next-fs-backend"],
    code: answering(
      'import i18next from "i18next"; import Backend from "i18next-fs-backend"; const ready = i18next.use(Backend).init({ lng: "en", backend: { loadPath: "./locales/{{lng}}/{{ns}}.json" } });',
      'await ready; return new Response(i18next.t("hi"));',
    ),
    files: { "locales/en/translation.json": '{"hi":"yo"}' },
    expect: { warned: /locales is named here/, advised: { files: ["locales/**"] }, answers: "yo" },
  },
  {
    name: "ejs-file",
    packages: ["ejs"],
    code: answering('import ejs from "ejs";', 'return new Response(await ejs.renderFile("./t.ejs", { a: 1 }));'),
    files: { "t.ejs": "<%= a %>" },
    expect: { answers: "1" },
  },
  {
    name: "pug",
    packages: ["pug"],
    code: answering('import pug from "pug";', 'return new Response(pug.render("p hi"));'),
    expect: { answers: "<p>hi</p>" },
  },
  {
    name: "handlebars",
    packages: ["handlebars"],
    code: answering('import Handlebars from "handlebars";', 'return new Response(Handlebars.compile("{{a}}")({ a: "hi" }));'),
    expect: { answers: "hi" },
  },
  {
    name: "nunjucks",
    packages: ["nunjucks"],
    code: answering('import nunjucks from "nunjucks";', 'return new Response(nunjucks.renderString("{{ a }}", { a: "hi" }));'),
    expect: { answers: "hi" },
  },
  {
    name: "react-ssr",
    packages: ["react", "react-dom"],
    code: answering(
      'import { createElement } from "react"; import { renderToString } from "react-dom/server";',
      'return new Response(renderToString(createElement("p", null, "hi")));',
    ),
    expect: { answers: "<p>hi</p>" },
  },
  {
    name: "react-dom-server",
    packages: ["react", "react-dom"],
    code: answering(
      'import { createElement } from "react"; import { renderToReadableStream } from "react-dom/server.edge";',
      'return new Response(await renderToReadableStream(createElement("p", null, "hi")));',
    ),
    expect: { answers: "<p>hi</p>" },
  },
  {
    name: "vue-ssr",
    packages: ["vue", "@vue/server-renderer"],
    code: answering(
      'import { createSSRApp, h } from "vue"; import { renderToString } from "@vue/server-renderer";',
      'return new Response(await renderToString(createSSRApp({ render: () => h("p", "hi") })));',
    ),
    expect: { answers: "<p>hi</p>" },
  },
  {
    name: "shiki",
    packages: ["shiki"],
    code: answering(
      'import { codeToHtml } from "shiki";',
      'return new Response((await codeToHtml("let a", { lang: "js", theme: "nord" })).slice(0, 17));',
    ),
    expect: { answers: '<pre class="shiki' },
  },
];

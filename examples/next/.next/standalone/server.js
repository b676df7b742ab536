/**
 * What `next build` leaves with `output: "standalone"`, laid out as it is there, but in small and written by hand: a package that takes the place of Next,
 * pages, and static files. A real one is built, and its static files are put beside it, as Next's manual says, before the deploy:
 *
 *   npx next build && cp -r public .next/standalone/ && cp -r .next/static .next/standalone/.next/
 *
 * This one is there already:
 *
 *   mayfly deploy examples/next
 *   curl localhost:8080/gallery/web
 *   curl localhost:8080/gallery/web/pictures/lilies
 *   curl localhost:8080/gallery/web/_next/static/css/gallery.css
 */
process.env.NODE_ENV = "production";
process.chdir(__dirname);

const { startServer } = require("next/dist/server/lib/start-server");

const hostname = process.env.HOSTNAME || "0.0.0.0";
void startServer({ dir: __dirname, port: Number(process.env.PORT) || 3000, hostname });

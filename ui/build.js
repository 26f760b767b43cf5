// Fills dist/swagger, from where the gateway embeds it, with the files of Swagger UI that the docs pages use; texts as
// they go over the wire, gzipped. A file that is right already is left alone: cargo rebuilds where one changed.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const from = join(here, "node_modules", "swagger-ui-dist");
const to = join(here, "dist", "swagger");

const plain = (name) => [name, readFileSync(join(from, name))];
const gzipped = (name) => [`${name}.gz`, gzipSync(readFileSync(join(from, name)), { level: 9 })];
const files = new Map([
  gzipped("swagger-ui-bundle.js"),
  gzipped("swagger-ui.css"),
  plain("favicon-32x32.png"),
  plain("LICENSE"),
  plain("NOTICE"),
]);

mkdirSync(to, { recursive: true });
const present = readdirSync(to);
for (const name of present.filter((name) => !files.has(name))) {
  rmSync(join(to, name), { recursive: true });
}
for (const [name, bytes] of files) {
  if (!present.includes(name) || !readFileSync(join(to, name)).equals(bytes)) {
    writeFileSync(join(to, name), bytes);
  }
}

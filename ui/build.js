// Puts the files of Swagger UI that the docs pages use into dist/swagger, from where they are embedded.
import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const from = join(here, "node_modules", "swagger-ui-dist");
const to = join(here, "dist", "swagger");

mkdirSync(to, { recursive: true });
for (const file of ["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "LICENSE", "NOTICE"]) {
  cpSync(join(from, file), join(to, file));
}

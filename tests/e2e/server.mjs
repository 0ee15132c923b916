// Serves dist/ to the tests, at the root and below a folder, and beside it the
// pages that embed it: a few lines, so that no web server's habits
// (live reload, compression, caching) come between the page and the test.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

const HOST = fileURLToPath(new URL("./host/", import.meta.url));

/** Where it is published, and what. */
const MOUNTS = [
  ["/sub/folder/", DIST],
  ["/posts/", HOST],
  ["/", DIST],
];

const KINDS = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** Listens on a free port of 127.0.0.1 and returns the server and its address. */
export async function serve() {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://page").pathname);
    const [mount, folder] = MOUNTS.find(([mount]) => path.startsWith(mount));
    const inside = normalize(`/${path.slice(mount.length) || "index.html"}`);
    try {
      const body = await readFile(join(folder, inside));
      response.writeHead(200, { "content-type": KINDS[extname(inside)] ?? "application/octet-stream" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, base: `http://127.0.0.1:${server.address().port}` };
}

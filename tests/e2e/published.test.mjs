// What is published: a pure module, and a page that works from any folder.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

test("the module asks its host for nothing but what the page's glue gives", async () => {
  const [name] = (await readdir(DIST)).filter((file) => file.endsWith(".wasm"));
  const module = await WebAssembly.compile(await readFile(DIST + name));
  const hosts = new Set(WebAssembly.Module.imports(module).map((entry) => entry.module));
  assert.equal(hosts.size, 1, [...hosts].join(", "));
  assert.match([...hosts][0], /wbg|_bg\.js/, "no system interface, no environment");
});

test("the page makes no sound, so it says nothing by sound alone", async () => {
  const files = (await readdir(DIST)).filter((file) => /\.(html|js|css|wasm)$/.test(file));
  assert.ok(files.length > 5);
  for (const file of files) {
    const text = await readFile(DIST + file, "latin1");
    assert.doesNotMatch(text, /AudioContext|new Audio\b|<audio|<video|speechSynthesis|vibrate\(/, file);
  }
});

test("every address in the page is relative", async () => {
  const html = await readFile(`${DIST}index.html`, "utf8");
  const addresses = [...html.matchAll(/\s(?:src|href)=["']?([^"'\s>]+)/g)].map((match) => match[1]);
  assert.ok(addresses.length > 3);
  assert.deepEqual(addresses.filter((address) => /^(\/|https?:)/.test(address)), []);
});

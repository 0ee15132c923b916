// A real server for the tests of the page that it serves, and its clients.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { DESKTOP, launch } from "./browser.mjs";
import { Reader } from "./reader.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const PROGRAM = process.env.ONECHEF ?? join(ROOT, "target/debug/onechef");

/** Starts the program, and reads where it is from what it says. */
async function serve(folder, port, live, more = []) {
  const words = ["serve", "--bind", "127.0.0.1", "--port", String(port), `--live=127.0.0.1:${live}`];
  const child = spawn(PROGRAM, [...words, "--page", join(ROOT, "dist"), "--live-token", join(folder, "token"), ...more], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = (await lines.next()).value;
  const watch = (await lines.next()).value;
  if (!watch) return null;
  const end = async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return { port: Number(/:(\d+) /.exec(ready)[1]), live: /http:\/\/[^/]+/.exec(watch)[0], end };
}

/** On ports that it can have again: not of those that the kernel hands out to whoever asks for any. */
async function settle(folder, more) {
  const any = () => 20_000 + Math.floor(Math.random() * 12_000);
  for (let tries = 0; tries < 20; tries++) {
    const server = await serve(folder, any(), any(), more);
    if (server) return server;
  }
  throw new Error("no ports for a server");
}

/** A client: asks, and waits for the answer. */
export function client(port) {
  const socket = connect(port, "127.0.0.1");
  return {
    send: (...words) => socket.write(`*${words.length}\r\n${words.map((w) => `$${w.length}\r\n${w}\r\n`).join("")}`),
    async ask(...words) {
      this.send(...words);
      return (await once(socket, "data"))[0].toString();
    },
    answer: async () => (await once(socket, "data"))[0].toString(),
    end: () => socket.destroy(),
  };
}

export async function watching(body, more, motion = "reduce") {
  const folder = await mkdtemp(join(tmpdir(), "onechef-live-"));
  const browser = await launch();
  let server = await settle(folder, more);
  try {
    const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: motion });
    const page = await context.newPage();
    const trouble = [];
    page.on("pageerror", (error) => trouble.push(`uncaught: ${error.message}`));
    page.on("dialog", (dialog) => trouble.push(`dialog: ${dialog.message()}`));
    const token = (await readFile(join(folder, "token"), "utf8")).trim();
    await page.goto(`${server.live}/?token=${token}`);
    assert.ok(!page.url().includes(token), "the token does not stay in the address line");
    await page.getByText("Live: this is now.").waitFor();
    const again = async () => {
      const { port, live } = server;
      await server.end();
      return async () => (server = await serve(folder, port, Number(live.split(":").at(-1)), more));
    };
    await body({ server: () => server, page, reader: new Reader(page, server.live), folder, again });
    assert.deepEqual(trouble, []);
  } finally {
    await browser.close();
    await server.end().catch(() => {});
    await rm(folder, { recursive: true });
  }
}

/** Names of commands that the saved trace says ended, in order. */
export const commands = (trace) =>
  trace.split("\n").map((line) => /"command_end":\{[^}]*"name":"([a-z|]+)"/.exec(line)?.[1]).filter(Boolean);

/** Serves a recording, and opens the page on it. */
export async function replaying(file, body) {
  const words = ["replay", file, "--live=127.0.0.1:0", "--page", join(ROOT, "dist")];
  const child = spawn(PROGRAM, words, { stdio: ["ignore", "pipe", "ignore"] });
  const browser = await launch();
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const address = /http:\S+/.exec((await lines.next()).value)[0];
    const page = await (await browser.newContext({ viewport: DESKTOP, reducedMotion: "reduce" })).newPage();
    await page.goto(address);
    const origin = new URL(address).origin;
    await body({ page, address: origin, reader: new Reader(page, origin) });
  } finally {
    await browser.close();
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}

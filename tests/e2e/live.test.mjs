// A real server, watched from the page that it serves: what its clients do
// appears, the past can be looked at, saved and opened again, the loop can be
// held, and a server that goes away is missed and found again.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DESKTOP, launch } from "./browser.mjs";
import { Reader } from "./reader.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = process.env.ONECHEF ?? join(ROOT, "target/debug/onechef");

/** Starts the program, and reads where it is from what it says. */
async function serve(folder, port, live, more = []) {
  const words = ["serve", "--bind", "127.0.0.1", "--port", String(port), `--live=127.0.0.1:${live}`];
  const child = spawn(PROGRAM, [...words, "--page", join(ROOT, "dist"), "--live-token", join(folder, "token"), ...more], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = (await lines.next()).value;
  const watch = (await lines.next()).value;
  const end = async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return { port: Number(/:(\d+) /.exec(ready)[1]), live: /http:\/\/[^/]+/.exec(watch)[0], end };
}

/** A client: asks, and waits for the answer. */
function client(port) {
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

async function watching(body, more) {
  const folder = await mkdtemp(join(tmpdir(), "onechef-live-"));
  const browser = await launch();
  let server = await serve(folder, 0, 0, more);
  try {
    const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: "reduce" });
    const page = await context.newPage();
    const trouble = [];
    page.on("pageerror", (error) => trouble.push(`uncaught: ${error.message}`));
    page.on("dialog", (dialog) => trouble.push(`dialog: ${dialog.message()}`));
    const { readFile } = await import("node:fs/promises");
    const token = (await readFile(join(folder, "token"), "utf8")).trim();
    await page.goto(`${server.live}/?token=${token}`);
    assert.ok(!page.url().includes(token), "the token does not stay in the address line");
    await page.getByText("Live: this is now.").waitFor();
    const again = async () => {
      const { port, live } = server;
      await server.end();
      return async () => (server = await serve(folder, port, Number(live.split(":").at(-1)), more));
    };
    await body({ server: () => server, page, reader: new Reader(page, server.live), again });
    assert.deepEqual(trouble, []);
  } finally {
    await browser.close();
    await server.end().catch(() => {});
    await rm(folder, { recursive: true });
  }
}

/** Names of commands that the saved trace says ended, in order. */
const commands = (trace) =>
  trace.split("\n").map((line) => /"command_end":\{[^}]*"name":"([a-z|]+)"/.exec(line)?.[1]).filter(Boolean);

test("what clients do appears in order; the past can be looked at, saved and opened again", async () => {
  await watching(async ({ server, page, reader }) => {
    const guest = client(server().port);
    await guest.ask("SET", "price", "42");
    await guest.ask("GET", "price");
    await guest.ask("CLIENT", "SETNAME", "<img/src=x/onerror=alert(1)>");
    await guest.ask("DEL", "price");
    await page.waitForFunction(() => document.querySelectorAll("#stage [id^='guest-'], #stage svg").length > 0);
    await reader.enterPlayer();
    await page.keyboard.press("Shift+ArrowLeft");
    await page.getByText(/you look at the past/).waitFor();
    const place = await reader.place();
    await guest.ask("PING");
    const trace = await reader.save();
    assert.deepEqual(commands(trace).slice(0, 4), ["set", "get", "client|setname", "del"]);
    assert.ok(!trace.includes("price") && !trace.includes("onerror"), "neither keys nor names are told");
    assert.ok((await reader.place()) <= place, "the past stays where it is");
    await page.getByRole("button", { name: "Jump to now" }).click();
    await page.getByText("Live: this is now.").waitFor();
    await reader.drop("saved.ndjson", trace);
    assert.equal(await page.locator("#live-bar").innerText(), "");
    assert.ok((await reader.place()) === 0, "a recording begins at its start");
    guest.end();
  });
});

test("a live server cannot be changed from the page, and the page says so", async () => {
  await watching(async ({ page }) => {
    await page.getByRole("textbox", { name: "Command" }).fill("PING");
    await page.locator("#send").click({ force: true });
    await page.getByText(/live server: it can be watched/).first().waitFor();
  });
});

test("the page holds the loop, a client waits, and is answered when it is let go", async () => {
  await watching(
    async ({ server, page }) => {
      const guest = client(server().port);
      await guest.ask("PING");
      await page.getByRole("button", { name: "Hold before a sweep" }).click();
      guest.send("PING");
      await page.getByText("Held before the sweep.").waitFor();
      const answer = guest.answer();
      await page.getByRole("button", { name: "Let go" }).click();
      assert.equal(await answer, "+PONG\r\n");
      await page.getByText("The loop runs.").waitFor();
      guest.end();
    },
    ["--step=5"],
  );
});

test("a server that goes away is missed and found again, with the gap marked", async () => {
  await watching(async ({ page, reader, again }) => {
    const seen = await reader.place();
    const restart = await again();
    await page.getByText(/does not answer/).waitFor();
    assert.ok((await reader.place()) >= seen, "what was seen is kept");
    await restart();
    await page.getByText(/this is now. Unseen in between: 1 gap/).waitFor();
  });
});

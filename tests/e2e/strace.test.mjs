// A stock redis-server, told from its system calls: a file that strace wrote
// plays in the page, and a running server can be followed.

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DESKTOP, launch } from "./browser.mjs";
import { read } from "./read.mjs";
import { Reader } from "./reader.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = process.env.ONECHEF ?? join(ROOT, "target/debug/onechef");
const CAVEAT = /what the server kept to itself is not shown/;

/** What `onechef import` makes of a file of strace's. */
const imported = (name) =>
  execFileSync(PROGRAM, ["import", "strace", join(ROOT, "tests/strace", name), "--reveal"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 64 * 1024 * 1024,
  });

for (const name of ["ten-clients", "io-threads", "short-strings", "attached"]) {
  read(`strace's ${name} plays from end to end and back`, { reducedMotion: "reduce" }, async (reader, page) => {
    await reader.drop(`${name}.ndjson`, imported(`${name}.strace`));
    assert.match(await page.getByRole("alert").filter({ hasText: /./ }).innerText(), CAVEAT);
    await reader.enterPlayer();
    const places = await reader.walk("Shift+ArrowRight");
    assert.ok(places.length > 8, `${places.length} phases`);
    const end = await reader.moment();
    await reader.press("Shift+ArrowLeft");
    await reader.press("Shift+ArrowRight");
    assert.deepEqual(await reader.moment(), end, "forward undoes back");
  });
}

read("ten guests of a stock server are served newest first", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.drop("ten-clients.ndjson", imported("ten-clients.strace"));
  await reader.stepUntil(/carries .* table 10\b/i);
  const served = [];
  for (let step = 0; step < 40 && served.length < 10; step += 1) {
    const table = /carries .* table (\d+)/i.exec(await reader.narration())?.[1];
    if (table && table !== served.at(-1)) served.push(table);
    await reader.press("ArrowRight");
  }
  assert.deepEqual(served, ["10", "9", "8", "7", "6", "5", "4", "3", "2", "1"]);
  assert.match(await page.locator("#page").innerText(), /recording/i);
});

const has = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** Lines of a child's output as they come. */
const linesOf = (child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]();

test("a running redis-server that knows nothing of it is followed", {
  timeout: 90_000,
  skip: has("redis-server") && has("strace") ? false : "needs redis-server and strace",
}, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "onechef-strace-"));
  const socket = join(folder, "redis.sock");
  // Port 0 would switch the door off: the kernel picks a free one first.
  const { createServer } = await import("node:net");
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  const redis = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--unixsocket", socket], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const browser = await launch();
  let watch;
  try {
    for await (const line of createInterface({ input: redis.stdout })) {
      if (/Ready to accept|ready to accept/.test(line)) break;
    }
    watch = spawn(PROGRAM, ["watch", "--pid", String(redis.pid), "--live=127.0.0.1:0", "--page", join(ROOT, "dist")], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines = linesOf(watch);
    const first = (await lines.next()).value;
    if (!first) {
      const said = (await watch.stderr.toArray()).join("");
      assert.match(said, /does not allow/, said);
      return context.skip("the system does not allow ptrace");
    }
    assert.match(first, /through strace/);
    const address = /http:\S+/.exec((await lines.next()).value)[0];
    const page = await (await browser.newContext({ viewport: DESKTOP, reducedMotion: "reduce" })).newPage();
    const trouble = [];
    page.on("pageerror", (error) => trouble.push(error.message));
    await page.goto(address);
    await page.getByText("Live: this is now.").waitFor();
    await page.locator("#live-bar").getByText(CAVEAT).waitFor();
    const guest = connect(port, "127.0.0.1");
    const ask = async (text) => {
      guest.write(text);
      return (await once(guest, "data"))[0].toString();
    };
    assert.equal(await ask("SET price secret-42\r\n"), "+OK\r\n");
    assert.equal(await ask("GET price\r\n"), "$9\r\nsecret-42\r\n");
    const reader = new Reader(page, address);
    let trace = "";
    while (!/"head":"GET"/.test(trace)) trace = await reader.save();
    assert.match(trace.split("\n")[0], /"system_calls"/);
    assert.match(trace, /"parsed":\{[^}]*"head":"SET"/, "the command is named");
    assert.ok(!trace.includes("secret-42") && !trace.includes("price"), "keys and values are not");
    guest.destroy();
    watch.kill("SIGINT");
    assert.deepEqual(await once(watch, "exit"), [0, null]);
    assert.equal(redis.exitCode, null, "the server goes on");
    assert.deepEqual(trouble, []);
  } finally {
    await browser.close();
    watch?.kill("SIGTERM");
    redis.kill("SIGTERM");
    await once(redis, "exit");
    await rm(folder, { recursive: true });
  }
});

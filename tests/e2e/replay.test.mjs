// What was seen of a real server: saved, opened again, run again in the
// simulation to the same core trace, and changed from there. And what a page
// may not do to the server that it came from, or be made to do by its clients.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { promisify } from "node:util";
import { PROGRAM, client, commands, replaying, watching } from "./live.mjs";
import { serve as serveElsewhere } from "./server.mjs";

const run = promisify(execFile);

/** Somebody who types into redis-cli; where there is none, the same bytes. */
async function redisCli(port) {
  const found = await run("redis-cli", ["--version"]).catch(() => undefined);
  if (!found) {
    const guest = client(port);
    return { ask: (line) => guest.ask(...line.split(" ")), end: () => guest.end() };
  }
  const child = spawn("redis-cli", ["-p", String(port)], { stdio: ["pipe", "pipe", "ignore"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (line) => {
      child.stdin.write(`${line}\n`);
      return (await answers.next()).value;
    },
    end: () => child.stdin.end(),
  };
}

const TOLD = ["--reveal", "--rerun"];

test("attach, look back, save, open again, run again: the same core trace, and another future", async () => {
  await watching(
    async ({ server, page, reader, folder }) => {
      const guest = await redisCli(server().port);
      // On the stage, in the order in which they are asked.
      for (const line of ["SET price 42", "INCR price", "LPUSH orders soup", "GET price"]) {
        await guest.ask(line);
        const [name] = line.split(" ");
        await page.waitForFunction((name) => document.querySelector("#stage").textContent.includes(name), name);
      }
      guest.end();
      await reader.enterPlayer();
      await page.keyboard.press("Shift+ArrowLeft");
      await page.getByText(/you look at the past/).waitFor();
      const before = await reader.place();
      await page.keyboard.press("ArrowLeft");
      assert.ok((await reader.place()) < before, "rewound");
      const trace = await reader.save();
      assert.deepEqual(
        commands(trace).filter((name) => !/^(command|client|hello)/.test(name)),
        ["set", "incr", "lpush", "get"],
      );

      const file = join(folder, "saved.ndjson");
      await writeFile(file, trace);
      const { stdout } = await run(PROGRAM, ["replay", file, "--check"]);
      assert.match(stdout, /core trace is the same, \d+ records/);

      await reader.drop("saved.ndjson", trace);
      assert.equal(await reader.place(), 0, "a recording begins at its start");
      await page.getByRole("button", { name: "Run it again in the simulation" }).click();
      const said = page.getByText(/core trace is the same, \d+ records/).first();
      await said.waitFor();
      assert.equal((await said.innerText()).match(/\d+ records/)[0], stdout.match(/\d+ records/)[0]);

      // From its end on somebody new may come.
      await reader.enterPlayer();
      await page.keyboard.press("End");
      await page.locator("#add-guest").click();
      await page.getByText(/guest is on the way in/).first().waitFor();
      const scenario = (await reader.download("Scenario")).body.toString();
      assert.match(scenario, /^tape /m);
      assert.match(scenario, /^at \S+\s+guest connects$/m);
      const changed = join(folder, "changed.scenario");
      await writeFile(changed, scenario);
      const again = await run(PROGRAM, ["run", changed]);
      const core = (text) => text.split("\n").slice(1).map((line) => line.replace(/,"in":.*/, "").replace(/}$/, ""));
      assert.ok(core(again.stdout).some((line) => line.includes('"queued":{"name":"guest"}')));

      // A recording's clock and network are not those that the checker knows.
      await assert.rejects(run(PROGRAM, ["check", "--scenario", changed]), { code: 2, stderr: /a recorded run cannot be checked/ });
      await page.evaluate(() => (document.querySelector("#acts-more").open = true));
      await page.locator("#acts-more").getByRole("button", { name: /^Check the run/ }).click();
      await page.locator("#answer").filter({ hasText: /Only a simulation/ }).waitFor();
    },
    TOLD,
  );
});

test("a recording that tells no values is not run again, and the page says why", async () => {
  await watching(async ({ server, page, reader }) => {
    const guest = client(server().port);
    await guest.ask("PING");
    guest.end();
    const trace = await reader.save();
    await reader.drop("saved.ndjson", trace);
    assert.equal(await page.getByRole("button", { name: "Run it again" }).count(), 0);
    await page.locator("#save summary").click();
    await page.locator("[data-act=save-scenario]").click();
    await page.getByText(/does not hold what came in/).first().waitFor();
  });
});

test("a recording is served to the page by the same rules", async () => {
  await watching(
    async ({ server, reader, folder }) => {
      const guest = client(server().port);
      await guest.ask("SET", "price", "42");
      await guest.ask("GET", "price");
      guest.end();
      const file = join(folder, "saved.ndjson");
      await writeFile(file, await reader.save());
      await replaying(file, async ({ page, address, reader }) => {
        await page.getByText(/recording: it can be watched/).first().waitFor();
        assert.equal(await reader.place(), 0);
        assert.deepEqual(commands(await reader.save()).slice(-2), ["set", "get"]);
        assert.equal((await fetch(`${address}/events`)).status, 401);
        assert.equal((await fetch(`${address}/`, { headers: { origin: "http://evil.test" } })).status, 403);
        await page.getByRole("button", { name: "Run it again in the simulation" }).click();
        await page.getByText(/core trace is the same/).first().waitFor();
      });
    },
    TOLD,
  );
});

test("another page in the same browser is refused, cookie or not", async () => {
  const elsewhere = await serveElsewhere();
  try {
    await watching(
      async ({ server, page }) => {
        const live = server().live;
        const other = await page.context().newPage();
        await other.goto(elsewhere.base);
        const outcome = await other.evaluate(async (live) => {
          const settled = (promise) => promise.then(() => "let in", () => "refused");
          const options = { credentials: "include" };
          const stream = new Promise((resolve, reject) => {
            const source = new EventSource(`${live}/events`, { withCredentials: true });
            source.onopen = resolve;
            source.onerror = reject;
          });
          const script = new Promise((resolve, reject) => {
            const element = Object.assign(document.createElement("script"), { src: `${live}/events` });
            element.onload = resolve;
            element.onerror = reject;
            document.head.append(element);
          });
          const frame = await new Promise((resolve) => {
            const element = Object.assign(document.createElement("iframe"), { src: `${live}/` });
            element.onload = () => {
              try {
                resolve(element.contentDocument?.body?.innerText ?? "nothing");
              } catch {
                resolve("nothing");
              }
            };
            document.body.append(element);
          });
          const post = await fetch(`${live}/step/hold`, { method: "POST", mode: "no-cors", ...options }).then(
            (answer) => `${answer.type} ${answer.status}`,
            () => "refused",
          );
          return {
            events: await settled(fetch(`${live}/events`, options)),
            metrics: await settled(fetch(`${live}/metrics`, options)),
            stream: await settled(stream),
            script: await settled(script),
            frame,
            post,
          };
        }, live);
        const { post, frame, ...read } = outcome;
        assert.deepEqual(read, { events: "refused", metrics: "refused", stream: "refused", script: "refused" });
        assert.ok(["nothing", ""].includes(frame), frame);
        assert.ok(["refused", "opaque 0"].includes(post), post);
        await other.close();
        // The loop was not held: it answers, and the page says that it runs.
        const guest = client(server().port);
        assert.equal(await guest.ask("PING"), "+PONG\r\n");
        guest.end();
        await page.getByText("The loop runs.").waitFor();
      },
      ["--step=60"],
    );
  } finally {
    elsewhere.server.close();
  }
});

test("what clients call themselves and their keys is text, however it looks", async () => {
  const NAME = "<img/src=x/onerror=alert(1)>";
  const KEY = '"><script>alert(2)</script><img src=x onerror=alert(3)>';
  await watching(
    async ({ server, page, reader }) => {
      const guest = client(server().port);
      await guest.ask("CLIENT", "SETNAME", NAME);
      await guest.ask("SET", KEY, KEY);
      await guest.ask("GET", KEY);
      await guest.ask("SUBSCRIBE", KEY);
      await page.waitForFunction((name) => document.body.textContent.includes(name), NAME);
      for (const panel of ["Notepad", "Events", "Counters", "Tables"]) {
        await page.getByRole("tab", { name: panel }).click();
        await page.waitForFunction(() => new Promise((drawn) => requestAnimationFrame(() => drawn(true))));
        const made = await page.evaluate(() => document.querySelectorAll("img[src=x], #stage script, main script").length);
        assert.equal(made, 0, `${panel} made elements of what a client said`);
      }
      assert.ok((await reader.save()).includes("onerror"), "it was told, as text");
      guest.end();
    },
    TOLD,
  );
});

test("whoever follows sees steps go by, not jumps; with reduced motion the end at once", async () => {
  await watching(
    async ({ server, page }) => {
      const places = page.evaluate(
        () =>
          new Promise((resolve) => {
            const seen = new Set();
            const scrub = document.querySelector("#scrub");
            const look = () => {
              seen.add(Number(scrub.value));
              if (seen.size < 8) requestAnimationFrame(look);
              else resolve([...seen]);
            };
            look();
          }),
      );
      const guest = client(server().port);
      await guest.ask("SET", "price", "42");
      await guest.ask("GET", "price");
      const seen = await places;
      assert.deepEqual(seen, seen.toSorted((a, b) => a - b), "forward only");
      guest.end();
    },
    [],
    "no-preference",
  );
});

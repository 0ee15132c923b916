// Files: a trace that is saved can be opened; a broken one is refused in place
// and what was there stays; a cut one plays up to the cut and says so.

import assert from "node:assert/strict";
import { read } from "./read.mjs";

read("a saved trace opens again and shows the same end", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.enterPlayer();
  const places = await reader.walk("Shift+ArrowRight", 60);
  const last = places.at(-1);
  const stage = async () => (await reader.moment()).find(([id]) => id === "stage");
  const live = await stage();
  const trace = await reader.save();
  assert.match(trace.split("\n")[0], /onechef-trace/);
  await reader.open("/?scenario=two-guests");
  await reader.drop("saved.ndjson", trace);
  await reader.seek(last);
  assert.deepEqual(await stage(), live);
  await page.getByRole("textbox", { name: "Command" }).fill("PING");
  const send = page.getByRole("button", { name: "Send", exact: true });
  if (await send.isEnabled()) await send.click();
  assert.match(await page.locator("#page").innerText(), /recording/i, "a recording cannot be changed, and the page says so");
});

read("a broken trace is refused in place and what was there stays", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.enterPlayer();
  await reader.walk("ArrowRight", 8).catch(() => {});
  const before = await reader.moment();
  const trace = await reader.save();
  const lines = trace.split("\n");
  lines[3] = '{"n":2,"us":broken';
  await reader.drop("broken.ndjson", lines.join("\n"));
  const message = await page.getByRole("alert").filter({ hasText: /./ }).innerText();
  assert.match(message, /broken\.ndjson/);
  assert.match(message, /4/, "the line is named");
  assert.deepEqual(await reader.moment(), before);
});

read("a trace cut in mid-line plays up to the cut and says so", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.enterPlayer();
  await reader.walk("Shift+ArrowRight", 60);
  const trace = await reader.save();
  await reader.open("/?scenario=two-guests");
  await reader.drop("cut.ndjson", trace.slice(0, Math.floor(trace.length * 0.6)));
  assert.match(await page.locator("#page").innerText(), /cut/i);
  await reader.enterPlayer();
  const places = await reader.walk("Shift+ArrowRight", 60);
  assert.ok(places.at(-1) > 5, "it plays");
});

read("a scenario file opens, and a broken one names the place", { reducedMotion: "reduce" }, async (reader, page) => {
  const text = [
    "onechef scenario 1",
    "title   From a file",
    "seed    7",
    "client  zoe",
    "at 1ms    zoe connects",
    "at 2ms    zoe sends ECHO hello-from-a-file",
    "",
  ].join("\n");
  await reader.drop("mine.scenario", text);
  await reader.stepUntil(/ECHO/);
  const before = await reader.moment();
  await reader.drop("wrong.scenario", text.replace("at 2ms", "at soon"));
  const message = await page.getByRole("alert").filter({ hasText: /./ }).innerText();
  assert.match(message, /wrong\.scenario:6:\d+/);
  assert.deepEqual(await reader.moment(), before);
});

read("a run says what is real in it, and the seed that makes it again", { reducedMotion: "reduce", path: "/?scenario=blocked-guests" }, async (reader) => {
  assert.match(await reader.panel("Counters"), /real engine.*seed 10\b/);
  await reader.drop("saved.ndjson", await reader.save());
  assert.match(await reader.panel("Counters"), /seed 10\b/, "a saved trace keeps it");
});

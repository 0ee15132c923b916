// Links that hold a run: made by the page, opened by another, old ones for
// ever; broken and hostile ones are refused in place.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { read } from "./read.mjs";

const LINKS = fileURLToPath(new URL("../links/", import.meta.url));
const STILL = { reducedMotion: "reduce" };

const link = (text, at = 1) => `/#run/1/${at}/${deflateSync(text).toString("base64url")}`;

const alert = (page) => page.getByRole("alert").filter({ hasText: /./ });

for (const name of (await readdir(LINKS)).filter((name) => name.endsWith(".link"))) {
  read(`a frozen link opens as what it was: ${name}`, STILL, async (reader, page) => {
    const hash = (await readFile(LINKS + name, "utf8")).trim();
    const scenario = await readFile(LINKS + name.replace(".link", ".scenario"), "utf8");
    await reader.open(`/${hash}`);
    const title = scenario.match(/^title +(.*)$/m)[1];
    await page.getByRole("combobox", { name: "Scenario" }).locator("option:checked", { hasText: title }).waitFor({ state: "attached" });
    const [place, at] = [await reader.place(), Number(hash.split("/")[2])];
    assert.ok(place <= at && place > at - 12, `${place} is not the rest before ${at}`);
    assert.equal(await page.locator("img").count(), 0);
  });
}

read("a run with gestures in it becomes a link that opens at the same moment", STILL, async (reader, page) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await reader.enterPlayer();
  await reader.walk("Shift+ArrowRight", 60);
  await page.getByRole("textbox", { name: "Command" }).fill("SET wine red");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await reader.stepUntil(/SET/);
  const place = await reader.place();
  const stage = async () => (await reader.moment()).find(([id]) => id === "stage");
  const shown = await stage();
  await page.getByRole("button", { name: "Copy link to this moment" }).click();
  await page.locator("#answer", { hasText: /is copied/ }).waitFor();
  const url = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(url, /#run\/1\/\d+\/[\w-]+$/);
  await page.waitForURL(url);
  assert.ok(url.length < 900, `${url.length} characters`);
  await page.goto("about:blank");
  await page.goto(url);
  await page.waitForFunction((place) => document.getElementById("scrub").value === String(place), place);
  // Whoever opens it is nobody in it yet.
  assert.match(shown[1], / · you/);
  assert.deepEqual(await stage(), [shown[0], shown[1].replace(" · you", "")]);
});

read("a link that is pasted over the page's own address opens", STILL, async (reader, page) => {
  const hash = (await readFile(`${LINKS}quiet-evening.link`, "utf8")).trim();
  await page.evaluate((hash) => { location.hash = hash; }, hash);
  await page.waitForFunction(() => document.title.startsWith("A quiet evening"));
});

const PLAIN = "onechef scenario 1\nclient ana\nat 1ms ana connects\n";
for (const [what, path, words] of [
  ["a letter that links do not have", "/#run/1/5/eJx<img src=x>", /character 4 of its run: “%”/],
  ["cut short", link(PLAIN).slice(0, -12), /cannot be unpacked|cut short/],
  ["a letter changed", link(PLAIN).replace(/.{6}$/, "AAAAAA"), /cannot be unpacked|cut short/],
  ["of a later version", "/#run/2/5/eJwB", /another version/],
  ["without a moment", "/#run/1/soon/eJwB", /no moment/],
  ["a scenario with a mistake", link(`${PLAIN}at soon ana closes\n`), /link:4:4: expected a time/],
  ["no scenario at all", link("<script>alert(1)</script>"), /link:1:1: expected 'onechef scenario 1'/],
  ["no text", link(Buffer.from([0xff, 0xfe, 0x00])), /no text/],
  ["a bomb", link(Buffer.alloc(20_000_000, "x")), /more than 1000000 bytes/],
  ["a scenario that unfolds like one", link(`${PLAIN}${"at 2ms ana sends SET k <60mb>\n".repeat(40)}`), /link:6:18: more than 128mb/],
  ["far too long", `/#run/1/5/${"A".repeat(40_000)}`, /at most 32000/],
]) {
  read(`refused in place, and the page goes on: ${what}`, STILL, async (reader, page) => {
    await reader.open("/?scenario=two-guests&at=20");
    const before = await reader.moment();
    await page.evaluate((hash) => { location.hash = hash; }, path.slice(path.indexOf("#")));
    await alert(page).waitFor();
    assert.match(await alert(page).innerText(), words);
    assert.deepEqual(await reader.moment(), before);
    await reader.enterPlayer();
    await reader.press("ArrowRight");
    assert.ok((await reader.place()) > 20);
  });
}

read("a recording is no link, and the page says why", STILL, async (reader, page) => {
  const trace = await reader.save();
  await reader.drop("evening.ndjson", trace);
  await page.getByRole("button", { name: "Copy link to this moment" }).click();
  await page.locator("#answer", { hasText: /recording has no such thing/ }).waitFor();
});

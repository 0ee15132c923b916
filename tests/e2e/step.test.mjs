// Stepping: nothing moves by itself, every step can be taken back exactly, and
// stepping, scrubbing and linking lead to the same moment.

import assert from "node:assert/strict";
import { read } from "./read.mjs";

read("opens paused on the first scenario, and nothing moves before the reader acts", {}, async (reader, page) => {
  const select = page.getByRole("combobox", { name: "Scenario" });
  assert.equal(await select.evaluate((element) => element.selectedIndex), 0);
  assert.equal(await reader.place(), 0);
  await page.getByRole("button", { name: "Play", exact: true }).waitFor();
  const first = await page.screenshot();
  await reader.frames(60);
  assert.ok(first.equals(await page.screenshot()), "two pictures, a second apart, differ");
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0, "no animation runs");
});

read("the whole first scenario by keyboard alone", { reducedMotion: "reduce" }, async (reader, page) => {
  await page.keyboard.press("Tab");
  const skip = await page.evaluate(() => document.activeElement.textContent);
  assert.match(skip, /skip/i, "the first stop is the skip link");
  await page.keyboard.press("Enter");
  const told = new Set();
  const places = [await reader.place()];
  for (;;) {
    await reader.press("ArrowRight");
    const place = await reader.place();
    if (place === places.at(-1)) break;
    places.push(place);
    told.add(await reader.narration());
    assert.ok(places.length < 500, "the first scenario is short");
  }
  assert.ok(places.length > 15, `only ${places.length} steps`);
  assert.ok(told.size > 10, "the narration follows");
  assert.match([...told].join("\n"), /PING/);
  await reader.enterPlayer();
  await reader.press("Home");
  assert.equal(await reader.place(), 0);
});

for (const [grain, forward, back] of [
  ["event", "ArrowRight", "ArrowLeft"],
  ["phase", "ArrowDown", "ArrowUp"],
  ["cycle", "Shift+ArrowRight", "Shift+ArrowLeft"],
]) {
  read(`back undoes forward exactly, by ${grain}`, { reducedMotion: "reduce" }, async (reader) => {
    await reader.enterPlayer();
    const moments = [await reader.moment()];
    const steps = grain === "event" ? 12 : 3;
    for (let step = 0; step < steps; step += 1) {
      await reader.press(forward);
      moments.push(await reader.moment());
    }
    assert.notDeepEqual(moments[0], moments.at(-1), "the steps lead somewhere");
    // What is already known of the future may show in the timeline and the
    // list of events; the state itself must be what it was.
    const state = (moment) => moment.filter(([id]) => !["strip", "events", "position"].includes(id));
    for (const before of moments.slice(0, -1).reverse()) {
      await reader.press(back);
      assert.deepEqual(state(await reader.moment()), state(before));
    }
  });
}

read("stepping, scrubbing and a link lead to the same moment", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.enterPlayer();
  const places = await reader.walk("ArrowRight");
  const middle = places[Math.floor(places.length / 2)];
  await reader.seek(middle);
  const scrubbed = await reader.moment();
  await reader.enterPlayer();
  await reader.press("Home");
  for (let step = 0; step < places.indexOf(middle); step += 1) await reader.press("ArrowRight");
  assert.equal(await reader.place(), middle);
  assert.deepEqual(await reader.moment(), scrubbed);
  const slug = await page.getByRole("combobox", { name: "Scenario" }).inputValue();
  await reader.open(`/?scenario=${slug}&at=${middle}`);
  await reader.settled();
  const stage = (moment) => moment.find(([id]) => id === "stage");
  assert.equal(await reader.place(), middle);
  assert.deepEqual(stage(await reader.moment()), stage(scrubbed));
});

read("a key that is held down takes every step, and shows three pictures a second", { reducedMotion: "reduce" }, async (reader, page) => {
  const STEPS = 40;
  await reader.open("/?scenario=two-guests");
  await reader.enterPlayer();
  for (let step = 0; step < STEPS; step += 1) await reader.press("ArrowRight");
  const there = await reader.place();
  await reader.press("Home");
  await page.evaluate(() => {
    window.pictures = [];
    const look = () => window.pictures.push(performance.now());
    new MutationObserver(look).observe(document.getElementById("stage"), { subtree: true, childList: true, attributes: true });
  });
  for (let step = 0; step < STEPS; step += 1) await page.keyboard.down("ArrowRight");
  await page.waitForFunction((there) => Number(document.getElementById("scrub").value) === there, there);
  const gaps = await page.evaluate(() => window.pictures.map((at, i, all) => at - all[i - 1]).slice(2));
  assert.ok(gaps.every((gap) => gap >= 300), gaps.join());
  await page.keyboard.up("ArrowRight");
});

read("play runs to the end and stops there", {}, async (reader, page) => {
  await page.locator("#speed").fill("3");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.getByRole("button", { name: "Pause" }).waitFor({ state: "detached", timeout: 60_000 });
  assert.ok((await reader.place()) > 15);
});

for (const [stop, scenario, words] of [
  ["accept", "first-guest", /guest|accept/i],
  ["partial read", "half-an-order", /half|incomplete|rest|owed|missing/i],
  ["write handler installed", "slow-reader", /full|writable|write handler|sendReplyToClient/i],
  ["close", "too-big-an-order", /clos|out|leave|free/i],
]) {
  read(`play stops at: ${stop}`, { path: `/?scenario=${scenario}` }, async (reader, page) => {
    await page.locator("#stop summary").click();
    await page.getByRole("checkbox", { name: stop }).check();
    assert.equal(await page.locator("#stop-count").innerText(), "1");
    await page.locator("#stop summary").click();
    await page.locator("#speed").fill("3");
    await page.getByRole("button", { name: "Play", exact: true }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor();
    await page.getByRole("button", { name: "Pause" }).waitFor({ state: "detached", timeout: 60_000 });
    const place = await reader.place();
    assert.match(await reader.narration(), words);
    await reader.enterPlayer();
    await reader.press("ArrowRight");
    assert.ok((await reader.place()) > place, "it stopped there and not at the end");
  });
}
